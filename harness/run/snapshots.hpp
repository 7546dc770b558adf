// SPDX-License-Identifier: GPL-2.0-or-later
// Pictures of the machine that phases take at their marks: configuration space, rings, CPUs.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/run/registers.hpp"
#include "harness/run/session.hpp"

namespace quiesce::run {

/// pci/MARK.json from outside. Stops the machine for it, and lets it run again when it ran.
Result<void> take_pci(Session& session, const std::string& mark);
/// pci/MARK-agent.json: as libpci in the guest sees it.
Result<void> take_agent_pci(Session& session, const std::string& mark);
/// Asks the agent for the interrupts that were counted so far; the answer is in agent.ndjson. An
/// agent that cannot say is noted, and is no error.
Result<void> take_interrupts(Session& session, const std::string& at);
/// Ring registers of every device whose profile names them, as timeline events.
Result<void> take_rings(Session& session, const std::string& at);
/// A `cpus` event; the machine may run.
Result<std::vector<CpuState>> take_cpus(Session& session, const std::string& at);

}  // namespace quiesce::run
