// SPDX-License-Identifier: GPL-2.0-or-later
// What every check can find: that it does not apply, that the evidence is not whole, and that the
// run did not come far enough.
#pragma once

#include <span>

#include "harness/checks/finding.hpp"
#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// All below, for the renderer and docs/checks.md.
std::span<const Code* const> common_codes();

namespace code {
extern const Code not_applicable, unknown_check;
extern const Code evidence_missing, evidence_damaged;
extern const Code no_handover, no_userspace, silent_kernel;
extern const Code server_ended, server_deaf;
extern const Code starved;
}  // namespace code

/// What is wrong with the programs behind served devices: ended, or silent or unwilling when the
/// machine stood still. A device that is gone is quiet, and that is nobody's merit.
Findings lost_servers(const evidence::Run& run);

}  // namespace quiesce::checks
