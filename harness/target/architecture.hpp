// SPDX-License-Identifier: GPL-2.0-or-later
// What differs from one architecture to the next: one row each, and no other file knows a number or
// a name of it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace quiesce::target {

/// A CPU's registers in QEMU's `info registers`: each name as it stands there, the one of the wide
/// mode first.
struct RegisterNames {
  std::array<std::string_view, 2> instruction_pointer;
  std::array<std::string_view, 2> stack_pointer;
  std::string_view halted;
};

/// Where the kernel's own addresses begin.
struct KernelMap {
  std::uint64_t text = 0;  ///< kernel text and modules lie from here on
  std::uint64_t half = 0;  ///< other kernel mappings lie from here on
};

/// Where RAM lies for the guest: in one piece at 0, or, from `split_from` bytes on, `low` bytes at
/// 0 and the rest from `high` on.
struct RamSplit {
  std::uint64_t split_from = 0;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// Configuration space: two ports (PCI 3.0 section 3.2.2.3.2), and the window of a host bridge.
struct ConfigurationAccess {
  std::uint16_t address_port = 0;
  std::uint16_t data_port = 0;
  std::uint32_t host_bridge = 0;      ///< vendor and device ID of the one whose window is known
  std::uint16_t window_register = 0;  ///< of that bridge: base, length and whether it is open
};

struct Architecture {
  std::string_view name;          ///< as uname has it
  std::string_view qemu;          ///< the system's QEMU for it
  std::string_view machine_type;  ///< of that QEMU
  /// What the dying kernel reaches last, for the breakpoint; as /proc/kallsyms has it.
  std::string_view handover_symbol;
  /// console= of both kernels; the last is /dev/console.
  std::string_view consoles;
  std::string_view console_device;  ///< the serial console, in the guest
  std::string_view screen_device;   ///< the console on the screen, in the guest
  /// Memory from 0 that belongs to firmware and to the capture kernel's own start, not to the
  /// production kernel.
  std::uint64_t low_memory = 0;
  RegisterNames registers;
  KernelMap kernel;
  RamSplit ram;
  ConfigurationAccess configuration;
};

std::span<const Architecture> architectures();

/// The one that a QEMU machine type belongs to; the first when none has it.
const Architecture& architecture_of(std::string_view machine_type);
/// The architecture of runs that do not say.
const Architecture& default_architecture();

}  // namespace quiesce::target
