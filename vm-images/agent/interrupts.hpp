// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts as the kernel counts them. The parsers are pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// A line of /proc/interrupts (kernel/irq/proc.c, show_interrupts; arch/x86/kernel/irq.c,
/// arch_show_interrupts).
struct InterruptLine {
  std::string name;  ///< "24", "LOC"
  std::vector<std::uint64_t> counts;
  std::string chip;     ///< "PCI-MSI 49152-edge"; of a line with letters, its description
  std::string actions;  ///< "eth0-rx-0", several separated by ", "
};
struct InterruptTable {
  std::size_t cpus = 0;
  std::vector<InterruptLine> lines;
  std::uint64_t error = 0;  ///< "ERR:"
  std::uint64_t mis = 0;    ///< "MIS:"
};
InterruptTable parse_interrupts(std::string_view text);

/// /proc/irq/N/spurious.
struct Spurious {
  std::uint64_t count = 0;
  std::uint64_t unhandled = 0;
  std::uint64_t last_unhandled_ms = 0;
};
std::optional<Spurious> parse_spurious(std::string_view text);

/// The line "cpu" of /proc/stat, in ticks (proc_stat(5)).
struct CpuTime {
  std::uint64_t total = 0;
  std::uint64_t idle = 0;
  std::uint64_t irq = 0;
  std::uint64_t softirq = 0;
};
std::optional<CpuTime> parse_cpu_time(std::string_view stat);

/// The answer to `interrupts`.
Result<Json> read_interrupts(const Request& request);

}  // namespace quiesce::agent
