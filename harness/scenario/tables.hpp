// SPDX-License-Identifier: GPL-2.0-or-later
// The tables of scenario, profile and plan. Loader, writer and schema all go through them.
#pragma once

#include "harness/scenario/fields.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::scenario {

/// PCI slots of bus 0 for devices: 0 is the host bridge, 0x1f q35's own functions, 1 is left to a
/// display that somebody adds by hand.
inline constexpr unsigned first_slot = 2;
inline constexpr unsigned last_slot = 0x1e;
inline constexpr std::size_t most_devices = last_slot - first_slot + 1;

/// Functions of one device behind a root port.
inline constexpr std::size_t most_functions = 8;

/// The vfio-user server of a profile, a scenario's device or a plan's.
const Fields<ServerSpec>& server_fields();
/// What a plan holds of a scenario.
const Fields<Scenario>& scenario_fields();
/// What a scenario file may hold: the above, "matrix" and "$schema".
const Fields<Scenario>& scenario_file_fields();
const Fields<Profile>& profile_fields();
/// The same inside a scenario: "format" is the scenario's, "name" need not be given.
const Fields<Profile>& inline_profile_fields();
/// Its name: as given, else what device_name_of() makes of its first QEMU object. Empty when it has
/// neither.
std::string inline_profile_name(const nlohmann::json& profile);
const Fields<RunPlan>& plan_fields();

/// The root port that a device gets whose profile wants one to itself.
inline std::string own_port(const std::string& device) {
  return device + "-port";
}

}  // namespace quiesce::scenario
