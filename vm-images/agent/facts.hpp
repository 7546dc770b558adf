// SPDX-License-Identifier: GPL-2.0-or-later
// What the running kernel says about itself. The parsers are pure; describe() reads the files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/units.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// A line of /proc/iomem (kernel/resource.c, r_show): two blanks of indentation a level; the file's
/// ends are inclusive, ours are not.
struct IomemEntry {
  PhysRange range;
  std::string name;
  int depth = 0;
};
std::vector<IomemEntry> parse_iomem(std::string_view text);

/// The largest "Crash kernel" region: with a low and a high one, the high one holds the kernel.
std::optional<PhysRange> crash_kernel(const std::vector<IomemEntry>& iomem);

/// The address in a line of /proc/kallsyms when the line is about `name` in the kernel itself;
/// nullopt also for address 0, which is what kptr_restrict shows.
std::optional<std::uint64_t> kallsyms_address(std::string_view line, std::string_view name);

/// The value of the kernel parameter NAME=VALUE, the last one when there are several; empty when
/// there is none.
std::string kernel_parameter(std::string_view command_line, std::string_view name);

/// "MemTotal:  1009876 kB" of /proc/meminfo, 0 when it is missing.
std::uint64_t memory_total_kib(std::string_view meminfo);

/// The fields of the hello event.
Json hello();
/// hello() and what takes longer.
Json describe();

}  // namespace quiesce::agent
