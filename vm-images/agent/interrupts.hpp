// SPDX-License-Identifier: GPL-2.0-or-later
// How many interrupts came, from whom, and what they cost. The parsers are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// A line of /proc/interrupts (kernel/irq/proc.c, show_interrupts; arch/x86/kernel/irq.c,
/// arch_show_interrupts).
struct InterruptLine {
  std::string name;                   ///< "24", "LOC"
  std::vector<std::uint64_t> counts;  ///< by CPU that is online
  std::string chip;                   ///< "IO-APIC 16-fasteoi"; empty for named lines
  std::string actions;                ///< "eth0, ahci[0000:00:1f.2]", or what a named line counts
  std::uint64_t total() const;
};

struct InterruptTable {
  std::size_t cpus = 0;
  std::vector<InterruptLine> lines;  ///< without the next two
  std::uint64_t error = 0;           ///< "ERR": APIC errors
  std::uint64_t mis = 0;             ///< "MIS": level interrupts that came as edges
};
InterruptTable parse_interrupts(std::string_view text);

/// /proc/irq/N/spurious (kernel/irq/proc.c, irq_spurious_proc_show). The kernel starts again after
/// 100 000 interrupts, where it looks whether 99 900 of them were unhandled.
struct Spurious {
  std::uint64_t count = 0;
  std::uint64_t unhandled = 0;
  std::uint64_t last_unhandled_ms = 0;
};
std::optional<Spurious> parse_spurious(std::string_view text);

/// The line "cpu" of /proc/stat, in ticks; `total` is without guests' time, which user holds
/// already.
struct CpuTime {
  std::uint64_t total = 0;
  std::uint64_t irq = 0;
  std::uint64_t softirq = 0;
  std::uint64_t idle = 0;
};
std::optional<CpuTime> parse_cpu_time(std::string_view stat);

/// "16" in "irq 16: nobody cared (try booting with the "irqpoll" option)" and in "Disabling IRQ
/// #16" (kernel/irq/spurious.c); empty for other lines of the kernel's log.
std::string disabled_line(std::string_view log_line);

/// The answer to `interrupts`.
Result<Json> read_interrupts(const Request& request);

}  // namespace quiesce::agent
