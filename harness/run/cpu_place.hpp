// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

#include "harness/base/units.hpp"
#include "harness/run/facts.hpp"
#include "harness/target/architecture.hpp"

namespace quiesce::run {

/// In words where an instruction pointer is: "purgatory", "decompressor", "early kernel", "kernel",
/// "userspace" and so on. `kernel_spoke`: the capture kernel's first line was seen.
std::string place_of(GuestVirt rip, const ArmedFacts& facts,
                     const target::Architecture& architecture, bool kernel_spoke);

}  // namespace quiesce::run
