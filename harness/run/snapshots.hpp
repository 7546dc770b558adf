// SPDX-License-Identifier: GPL-2.0-or-later
// Pictures of the machine that phases take at their marks: configuration space, rings, interrupts.
// What the target cannot give is left out.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/run/sides.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

/// pci/MARK.json from outside. Stops the machine for it, and lets it run again when it ran.
Result<void> take_pci(GuestControl& control, Recorder& recorder, const std::string& mark);
/// Ring registers of every device whose profile names them, as timeline events.
Result<void> take_rings(GuestControl& control, Recorder& recorder,
                        const std::vector<scenario::PlannedDevice>& devices, const std::string& at);
/// pci/MARK-agent.json: as libpci in the guest sees it.
Result<void> take_agent_pci(const GuestSide& guest, const std::string& mark);
/// Asks the agent for the interrupts that were counted so far; the answer is in agent.ndjson. An
/// agent that cannot say is noted, and is no error.
Result<void> take_interrupts(const GuestSide& guest, const std::string& at);

}  // namespace quiesce::run
