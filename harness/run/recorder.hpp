// SPDX-License-Identifier: GPL-2.0-or-later
// What a run writes down, and what a person who watches is told of it.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "harness/run/run_dir.hpp"

namespace quiesce::run {

/// What a person who watches is told. Both may be empty.
struct Observer {
  std::function<void(const std::string& phase)> on_phase;
  std::function<void(const std::string& note)> on_note;
};

/// The run directory must outlive it.
class Recorder {
 public:
  Recorder(RunDir& dir, Observer observer) : dir_(dir), observer_(std::move(observer)) {}
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// For those that write files of their own.
  RunDir& dir() { return dir_; }
  const std::filesystem::path& path() const { return dir_.path(); }
  double now() const { return dir_.now(); }
  const std::optional<Error>& failed() const { return dir_.failed(); }

  template <record::Record R>
  void event(const R& record) {
    dir_.event(record);
  }
  void write(const std::string& file, std::string_view text) { dir_.write(file, text); }

  /// Ends the phase before it.
  void phase(const std::string& name);
  const std::string& phase() const { return phase_; }
  void mark(const char* name);
  void note(const std::string& text) const;

 private:
  RunDir& dir_;
  Observer observer_;
  std::string phase_;
};

}  // namespace quiesce::run
