// SPDX-License-Identifier: GPL-2.0-or-later
// The scenario's actions on devices: each is done, watched, and noted device by device.
#pragma once

#include <string>
#include <vector>

#include "harness/run/sides.hpp"
#include "harness/scenario/recipe.hpp"

namespace quiesce::run {

/// Which kernel the actions are done in; also the event's "at".
enum class ActAt { production, before_drivers };

/// Does the actions of the case in their order; `servers` have the ledgers of what devices wrote.
/// After each the machine runs on for the scenario's settle time and is then stopped for a pass of
/// the watch, so that a write is clearly before or after it. What the agent cannot do (no such
/// reset method) is noted as an action that failed, and is no error.
Result<void> act(const scenario::Case& one, ActAt at, const GuestSide& guest,
                 const MachineSide& machine, const DeviceServers& servers);

}  // namespace quiesce::run
