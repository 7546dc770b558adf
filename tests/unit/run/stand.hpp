// SPDX-License-Identifier: GPL-2.0-or-later
// A run whose QEMU is the stand-in of tests/standin/.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/temp_dir.hpp"
#include "harness/run/execute.hpp"

namespace quiesce::run::testing {

/// QUIESCE_FAKE_QEMU_PROGRAM, or where Meson puts it beside the unit tests.
std::filesystem::path fake_qemu();

/// The lines of an .ndjson file; a line that is no JSON fails the test.
std::vector<nlohmann::json> read_lines(const std::filesystem::path& path);

struct Stand {
  Stand();

  /// Adds a rule to the script: see tests/standin/README.md.
  void at(const std::string& point, const std::string& action, const std::string& text = {},
          int code = 1);
  /// Ends waiting for what will not come.
  void impatient() { plan.scenario.timeouts.progress = Seconds(2); }

  /// Executes the plan into out(); then no child process may be left, and all evidence must be
  /// readable.
  Result<void> run();
  void write_script() const;
  std::filesystem::path out() const { return dir.path() / "out"; }

  /// Events of the timeline of one name.
  std::vector<nlohmann::json> events(const std::string& name) const;
  /// One field of them.
  std::vector<std::string> texts(const std::string& event, const std::string& field) const;
  /// What the stand-in wrote down.
  std::vector<std::string> log() const;

  TempDir dir;
  nlohmann::json script;
  scenario::RunPlan plan;
  Loop loop;
  Observer observer;
  Asked asked;

 private:
  void check_evidence() const;
};

}  // namespace quiesce::run::testing
