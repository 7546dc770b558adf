// SPDX-License-Identifier: GPL-2.0-or-later
// A plan in its two halves: what is booted, and what is done to it. Many cases share one recipe,
// and a case never changes it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::scenario {

/// All that decides what is booted, up to a capture kernel that is loaded. Two recipes that are
/// equal boot the same machine.
struct Recipe {
  BootImage production;
  BootImage capture;
  std::filesystem::path qemu;
  std::string accel;         ///< "kvm" or "tcg"
  std::string accel_reason;  ///< for people; decides nothing
  MachineSpec machine;
  ProductionSpec production_spec;  ///< crash region, command line
  CaptureSpec capture_spec;
  /// What sits in the machine from its start, without what a case does with it: no activity.
  /// (Devices are on QEMU's command line until they can be plugged.)
  std::vector<PlannedDevice> devices;
  std::uint32_t seed = 1;  ///< what the disks hold
};

/// What is done to an armed guest, and what must hold afterwards.
struct Case {
  std::string name;
  std::string description;
  std::vector<DeviceSpec> specs;       ///< the devices as the scenario has them
  std::vector<PlannedDevice> devices;  ///< the same, with what keeps each busy and tests it
  PanicSpec panic;
  Steps steps;
  Timeouts timeouts;
  std::uint32_t seed = 1;  ///< what the tags hold
  std::map<std::string, nlohmann::json> checks;
};

Recipe recipe_of(const RunPlan& plan);
Case case_of(const RunPlan& plan);

/// The plan again: nothing of it is lost between the two.
RunPlan join(const Recipe& recipe, const Case& one);

/// A plan that holds the recipe and nothing of any case: what QEMU is started by.
RunPlan bare_plan(const Recipe& recipe);

nlohmann::json to_json(const Recipe& recipe);
/// Accepts what to_json gave; anything else is invalid_input that names the place.
Result<Recipe> recipe_from_json(const nlohmann::json& given);

/// Without what decides nothing; SHA-256, equal for equal recipes.
std::string key_of(const Recipe& recipe);
inline bool operator==(const Recipe& a, const Recipe& b) {
  return key_of(a) == key_of(b);
}

}  // namespace quiesce::scenario
