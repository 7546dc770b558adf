// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "harness/base/units.hpp"
#include "harness/run/facts.hpp"

namespace quiesce::run {

/// The text of `info registers -a`; a CPU whose registers cannot be read is left out.
std::vector<CpuState> parse_registers(const std::string& text);

/// In words where an instruction pointer is: "purgatory", "decompressor", "early kernel", "kernel",
/// "userspace" and so on. `kernel_spoke`: the capture kernel's first line was seen.
std::string place_of(GuestVirt rip, const GuestFacts& facts, bool kernel_spoke);

}  // namespace quiesce::run
