// SPDX-License-Identifier: GPL-2.0-or-later
// Whether what a kernel logged came out on its serial console.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/agent.hpp"

namespace quiesce::checks {

/// Of the messages that had to come out.
struct Printed {
  std::uint64_t due = 0;
  std::uint64_t whole = 0;
  std::uint64_t damaged = 0;       ///< a line like it came at its place, with characters wrong
  std::uint64_t out_of_order = 0;  ///< it came before one that was logged before it
  std::vector<record::answer::LogEntry> missing;
  std::uint64_t dropped = 0;  ///< that the kernel itself says it did not print: too many at once
};

/// `log` in the kernel's order, `lines` what the console printed, without time stamps, from the
/// kernel's first line on. Parts of a message that printk printed as lines of their own (\x0a in
/// /dev/kmsg) are looked for one by one.
Printed compare_printed(const std::vector<record::answer::LogEntry>& log, int console_level,
                        const std::vector<std::string_view>& lines);

}  // namespace quiesce::checks
