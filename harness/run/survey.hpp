// SPDX-License-Identifier: GPL-2.0-or-later
// A boot without a crash: what the kernel makes of a device, and whether work that is thought of
// for it can be done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/recorder.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

/// What a device is to be tried with: kind and parameters, as in a profile.
struct Work {
  nlohmann::json activity = nlohmann::json::object();
  nlohmann::json test = nlohmann::json::object();
};

/// How one try came out.
struct Trial {
  std::string kind;
  bool works = false;
  std::string detail;  ///< "200 operations on eth0", or why not
};

struct Survey {
  nlohmann::json function;        ///< the agent's answer to `function`
  nlohmann::json failed_modules;  ///< list of {"name", "error"}
  std::optional<Trial> activity;  ///< nullopt: not tried
  std::optional<Trial> test;
  /// QEMU's trace events of the profile: name -> how often it came while the modules were loaded.
  std::map<std::string, std::uint64_t> events_while_loading;
  std::uint64_t tagged_pages = 0;  ///< pages with tags of the device, written while it was busy
  std::uint64_t copied_pages = 0;  ///< the same without Bus Master: the CPU wrote them
};

/// Given what the kernel made of the device, says what to try; nullopt ends the survey.
using ChooseWork = std::function<std::optional<Work>(const nlohmann::json& function)>;

/// Boots the given plan's production kernel with its one device, loads the profile's modules (one
/// that does not load is no failure), looks, and tries. Evidence goes to `folder` as in a run.
/// Fails when harness, QEMU or kernel do: a kernel that goes down is Errc::closed.
Result<Survey> survey(const scenario::RunPlan& given, const std::filesystem::path& folder,
                      Loop& loop, Observer observer, const ChooseWork& choose);

}  // namespace quiesce::run
