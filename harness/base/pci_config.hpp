// SPDX-License-Identifier: GPL-2.0-or-later
// A PCI function's configuration space as bytes, and what they mean. Pure: who read the bytes does
// not matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce {

/// Where a function is: "0000:00:03.0".
struct PciAddress {
  std::uint16_t domain = 0;
  std::uint8_t bus = 0;
  std::uint8_t device = 0;    ///< 0..31
  std::uint8_t function = 0;  ///< 0..7
  auto operator<=>(const PciAddress&) const = default;
};
std::string to_string(PciAddress address);
/// "0000:00:03.0" or "00:03.0".
Result<PciAddress> parse_pci_address(std::string_view text);

/// A capability in the list: its ID (PCI 3.0 section 6.7; extended ones PCIe 7.6.3) and offset.
struct PciCapability {
  std::uint16_t id = 0;
  std::uint16_t offset = 0;
  bool extended = false;
};

/// MSI or MSI-X as enabled by the function's control word.
struct PciInterrupts {
  bool msi = false;
  bool msix = false;
  bool msix_masked = false;    ///< Function Mask
  bool intx_disabled = false;  ///< Command bit 10
  bool intx_pending = false;   ///< Status bit 3
};

/// What one function's configuration space says. The bytes are 64 (header only), 256 or 4096 long;
/// reads beyond them give all ones, as the bus does.
class PciConfig {
 public:
  explicit PciConfig(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  const std::vector<std::byte>& bytes() const { return bytes_; }
  std::uint8_t byte(std::size_t offset) const;
  std::uint16_t word(std::size_t offset) const;
  std::uint32_t dword(std::size_t offset) const;

  std::uint16_t vendor() const { return word(0x00); }
  std::uint16_t device() const { return word(0x02); }
  std::uint16_t command() const { return word(0x04); }
  std::uint16_t status() const { return word(0x06); }
  /// Base class and subclass, 0x0200 for Ethernet.
  std::uint16_t class_code() const { return word(0x0a); }
  bool is_bridge() const { return (byte(0x0e) & 0x7f) == 1; }
  bool bus_master() const { return (command() & 0x4) != 0; }
  /// All ones: there is no function, or it does not answer.
  bool absent() const { return vendor() == 0xffff; }

  /// Both lists, in their order; a loop or an offset out of range ends the walk.
  std::vector<PciCapability> capabilities() const;
  std::optional<PciCapability> capability(std::uint16_t id) const;
  std::optional<PciCapability> extended_capability(std::uint16_t id) const;

  PciInterrupts interrupts() const;
  /// Transactions Pending of PCIe Device Status (PCIe 7.5.3.5), nullopt without a PCIe capability.
  std::optional<bool> transactions_pending() const;
  /// 0..3 of PMCSR, nullopt without a PM capability.
  std::optional<int> power_state() const;
  /// Device Capabilities bit 28 (FLR), or the AF capability's.
  bool has_flr() const;
  /// AER uncorrectable and correctable status words, nullopt without AER.
  struct Aer {
    std::uint32_t uncorrectable = 0;
    std::uint32_t correctable = 0;
  };
  std::optional<Aer> aer() const;

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace quiesce
