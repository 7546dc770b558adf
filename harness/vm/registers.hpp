// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "harness/target/architecture.hpp"
#include "harness/target/target.hpp"

namespace quiesce::vm {

/// The text of `info registers -a`; a CPU whose registers cannot be read is left out.
std::vector<target::CpuState> parse_registers(const std::string& text,
                                              const target::RegisterNames& names);

/// The address in the answer of `gva2gpa`: "gpa: 0x12345678". nullopt: it says that there is none.
std::optional<GuestPhys> parse_physical(const std::string& text);

}  // namespace quiesce::vm
