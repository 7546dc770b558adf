// SPDX-License-Identifier: GPL-2.0-or-later
// The kinds of device (kind.hpp), and what is asked about them. Each is one file of kinds/ and a
// line of kinds.cpp; what the agent does for it is one file of vm-images/agent/ and a line of its
// kinds.cpp; harness/wire/work.hpp has the names that both use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/kind.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::scenario {

const std::vector<const Kind*>& kinds();

/// Those of all kinds, and at the end the one that is none.
const std::vector<Work>& activity_kinds();
const std::vector<Work>& test_kinds();

const Work* find_kind(const std::vector<Work>& kinds, std::string_view name);
std::vector<std::string> kind_names(const std::vector<Work>& kinds);

/// "none" first.
const std::vector<std::string>& backend_names();
/// nullptr for "none", and for what is not known.
const Backend* find_backend(std::string_view name);

/// What an object with "kind" is: one that this version does not know has its name and nothing but
/// defaults; none: empty name, uses no memory.
Work activity_of(const nlohmann::json& activity);
Work test_of(const nlohmann::json& test);
inline bool is_some(const Work& work) {
  return !work.name.empty();
}

/// What the device is kept busy with, whether it is busy or not.
inline Work activity_of(const PlannedDevice& device) {
  return activity_of(device.activity);
}
inline Work test_of(const PlannedDevice& device) {
  return test_of(device.profile.test);
}
/// The kernel's console is on it.
bool shows_console(const Profile& profile);
/// One of them is such a device.
bool has_display(const std::vector<PlannedDevice>& devices);

}  // namespace quiesce::scenario
