// SPDX-License-Identifier: GPL-2.0-or-later
// A PCI function's configuration space: built and checked once, then written by the guest through
// its masks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/base/result.hpp"

namespace quiesce::vfio_user {

struct Bar {
  enum class Kind { none, memory32, memory64, io } kind = Kind::none;
  std::uint64_t size = 0;  ///< bytes, a power of two; memory from 16, I/O from 4 to 256
  bool prefetchable = false;
};

/// What the function is and has. build() checks it as a whole.
struct Layout {
  std::uint16_t vendor = 0;
  std::uint16_t device = 0;
  std::uint16_t subsystem_vendor = 0;
  std::uint16_t subsystem = 0;
  std::uint32_t class_code = 0xff0000;  ///< 24 bits: class, subclass, interface
  std::uint8_t revision = 0;
  std::uint8_t interrupt_pin = 0;  ///< 0 none, 1..4 INTA..INTD
  Bar bars[6];

  /// Power management (PCI PM 1.2). no_soft_reset: D3hot to D0 keeps the registers.
  struct Pm {
    bool no_soft_reset = false;
  };
  std::optional<Pm> pm;
  /// PCI Express endpoint capability, version 2 (PCIe 6.0 section 7.5.3).
  struct Express {
    bool flr = true;
    std::uint8_t max_payload = 0;  ///< 0: 128 bytes ... 5: 4096
  };
  std::optional<Express> express;
  struct Msi {
    std::uint8_t vectors = 1;  ///< 1, 2, 4, 8, 16, 32
    bool maskable = false;
  };
  std::optional<Msi> msi;
  struct Msix {
    std::uint16_t vectors = 1;  ///< 1..2048
    /// A memory BAR; table and pending bits must not overlap. QEMU keeps the table itself, and asks
    /// the device for the pending bits as for any register (hw/vfio-user/pci.c): answer 0.
    int table_bar = 1;
    std::uint32_t table_offset = 0;
    int pending_bar = 1;
    std::uint32_t pending_offset = 0x800;
  };
  std::optional<Msix> msix;
  /// Advanced Error Reporting, needs express.
  bool aer = false;
};

class ConfigSpace {
 public:
  /// invalid_input that names every mistake: a BAR that is no power of two, a 64-bit BAR in the
  /// last slot, an MSI-X table outside its BAR, AER without PCI Express, ...
  static Result<ConfigSpace> build(const Layout& layout);

  const Layout& layout() const { return layout_; }
  /// 4096 bytes with PCI Express, else 256.
  std::span<const std::byte> bytes() const { return bytes_; }
  PciConfig view() const { return PciConfig(bytes_); }

  /// The guest's access. Out of range reads all ones; writes change what the masks let through, and
  /// clear what is write-one-to-clear. Any width from 1 to 8, any alignment inside the space.
  std::uint64_t read(std::uint16_t offset, unsigned width) const;
  void write(std::uint16_t offset, unsigned width, std::uint64_t value);

  /// The device's own access: no mask.
  void set(std::uint16_t offset, unsigned width, std::uint64_t value);

  /// Offsets of the capabilities; nullopt where there is none.
  std::optional<std::uint16_t> pm_offset() const { return pm_; }
  std::optional<std::uint16_t> express_offset() const { return express_; }
  std::optional<std::uint16_t> msi_offset() const { return msi_; }
  std::optional<std::uint16_t> msix_offset() const { return msix_; }
  std::optional<std::uint16_t> aer_offset() const { return aer_; }

  bool bus_master() const;
  bool memory_enabled() const;
  /// 0 to 3 of PMCSR; 0 without power management.
  int power_state() const;
  /// Whether a write of the guest asks for a Function Level Reset: bit 15 of Device Control, whose
  /// byte may come alone or in a wider write (PCIe 6.0 section 7.5.3.4).
  bool starts_flr(std::uint16_t offset, unsigned width, std::uint64_t value) const;
  /// Transactions Pending of PCIe Device Status.
  void set_transactions_pending(bool pending);

  /// What a reset does: `sticky` keeps what the specification says survives FLR (PCIe 6.0 section
  /// 6.6.2: AER status, masks, severity and log; Max_Payload_Size; Link Control); a cold one
  /// restores everything.
  enum class Reset { sticky, cold };
  void reset(Reset kind);

 private:
  ConfigSpace() = default;
  Layout layout_;
  std::vector<std::byte> bytes_;
  std::vector<std::byte> defaults_;
  std::vector<std::byte> writable_;  ///< 1: the guest may write the bit
  std::vector<std::byte> clears_;    ///< 1: writing 1 clears the bit
  std::vector<std::byte> sticky_;    ///< 1: survives Reset::sticky
  std::optional<std::uint16_t> pm_, express_, msi_, msix_, aer_;
};

}  // namespace quiesce::vfio_user
