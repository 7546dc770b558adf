// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "harness/base/result.hpp"
#include "harness/observe/guest_ram.hpp"
#include "harness/run/facts.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

/// Finds what kexec laid into the crash region by what it looks like: the bzImage's protected-mode
/// part, the initramfs, the ELF core header, and purgatory by the constants of its SHA-256 (FIPS
/// 180-4 section 4.2.2). What is not found is left out. The kernel has copied them there when
/// "kexec -s -p" is done and leaves them alone from then on: the machine may run.
Result<std::vector<CrashSegment>> find_crash_segments(const observe::GuestRam& ram,
                                                      PhysRange region,
                                                      const scenario::BootImage& capture);

}  // namespace quiesce::run
