// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of trace.log as QEMU's "log" trace backend writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/pci_config.hpp"

namespace quiesce::record {

/// One trace event.
struct TraceLine {
  /// CLOCK_REALTIME, seconds since the epoch; nullopt when the line carries no time.
  std::optional<double> realtime;
  std::string event;      ///< "pci_cfg_write"
  std::string arguments;  ///< the rest, as it is
};

/// Reads "PID@SECONDS.MICROS:event arguments" (seen on QEMU 7.2 with -msg timestamp=on) and "event
/// arguments" (without). Newer QEMU may put the parts of its message prefix before the event, each
/// optional, in this order: a time "2026-01-31T12:00:00.123456Z", "[guest name]", "program:",
/// "(PID:thread):" (util/message.c); they are accepted too. nullopt for anything else: QEMU's other
/// messages, a line cut off before the event's name ends.
std::optional<TraceLine> parse_trace_line(std::string_view line);

/// The arguments of a pci_cfg_write (or pci_cfg_read) event: "NAME BB:DD.F @0xOFFSET <- 0xVALUE".
/// QEMU does not say how wide the access was.
struct PciCfgWrite {
  std::string device;  ///< QEMU's type name, "e1000e"
  PciAddress address;
  std::uint16_t offset = 0;
  std::uint32_t value = 0;
};

/// nullopt when the text is cut off or is something else. A line cut off inside the value cannot be
/// told from a short value: give whole lines only.
std::optional<PciCfgWrite> parse_pci_cfg_write(std::string_view arguments);

/// What QEMU's event of an interrupt that reaches a local APIC is called (hw/intc/apic.c,
/// apic_deliver_irq: messages, lines of the I/O APIC, other CPUs' interrupts; not the APIC's own
/// timer, nothing where the kernel of the host has the APICs).
inline constexpr const char* apic_delivery = "apic_deliver_irq";

struct ApicDelivery {
  std::string where;  ///< "dest 0 dest_mode 1": which CPUs
  unsigned vector = 0;
};

/// Its arguments: "dest 0 dest_mode 1 delivery_mode 0 vector 48 trigger_mode 0". nullopt for what
/// has no vector (non-maskable interrupts, resets) or is something else.
std::optional<ApicDelivery> parse_apic_delivery(std::string_view arguments);

}  // namespace quiesce::record
