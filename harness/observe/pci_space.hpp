// SPDX-License-Identifier: GPL-2.0-or-later
// PCI configuration space from outside the guest. Every call needs the machine stopped: the ports
// that lead there have state.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/record/lines.hpp"
#include "harness/target/bus.hpp"

namespace quiesce::observe {

/// One function and the 256 or 4096 bytes of its configuration space.
struct PciFunction {
  PciAddress address;
  PciConfig config;
};

struct PciSpace {
  std::string source;                  ///< "ecam" or "cf8"
  std::vector<PciFunction> functions;  ///< by address
  const PciFunction* find(PciAddress address) const;
};

/// Every function of bus 0 and of all buses below it that bridges forward to. Through the memory
/// window (4096 bytes a function) when firmware has opened it on a q35, else through the ports (256
/// bytes). Reads configuration space only, which has no side effects, and leaves 0xcf8 as it was.
/// Root buses beside bus 0 (pxb) are not looked for.
Result<PciSpace> read_pci_space(target::Bus& bus);

/// The first 256 bytes of one function; absent() when nothing answers.
Result<PciConfig> read_pci_function(target::Bus& bus, PciAddress address);

/// pci/MARK.json.
record::PciFile as_record(const PciSpace& space, const std::string& mark, double t);

/// Sets or clears Bus Master Enable (Command bit 2) and nothing else. Returns what it was. Shows in
/// QEMU's trace as any other write. not_found when there is no such function.
enum class BusMaster { off, on };
Result<BusMaster> set_bus_master(target::Bus& bus, PciAddress address, BusMaster wanted);

/// Where memory BAR `bar` (0..5) is decoded now. unsupported, with the reason, when the function
/// does not decode memory, is not in D0, or the BAR is of I/O ports or has no address.
Result<GuestPhys> bar_address(const PciConfig& config, int bar);

/// Registers of a receive ring: offsets in a memory BAR that can be read without side effects.
struct RingRegisters {
  int bar = 0;
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
  std::uint64_t base = 0;    ///< low half, the high one follows; 0: not asked for
  std::uint64_t length = 0;  ///< 0: not asked for
};
struct RingState {
  std::uint32_t head = 0;
  std::uint32_t tail = 0;
  /// What the device takes for the memory of its descriptors: guest-physical without an IOMMU.
  /// Empty when it was not asked for.
  PhysRange descriptors;
  /// Nothing is left that the device could write into.
  bool used_up() const { return head == tail; }
};
/// Fails as bar_address does, and with unsupported when the device answers with all ones.
Result<RingState> read_ring(target::Bus& bus, const PciConfig& config, const RingRegisters& ring);

}  // namespace quiesce::observe
