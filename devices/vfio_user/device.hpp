// SPDX-License-Identifier: GPL-2.0-or-later
// A PCI device as a program. Derive from Device, describe the configuration space, answer reads and
// writes of the BARs, and hand it to serve() of server.hpp: a stock QEMU (10.1 or newer) shows it
// to its guest through "-device vfio-user-pci".
//
// Everything here runs on one thread, around one Loop: no call is made while another one runs, with
// one exception. Memory that the client gave no descriptor for is asked for by message, and while
// Host::dma_read and dma_write wait for the answer the client's own requests are served: any call
// of Device may come then, disconnected() too. Give QEMU its RAM as a memory-backend-memfd (or
// -file) with share=on and there is no such memory but ROMs. QEMU cannot answer from within a
// register access (it waits for that under its big lock until it times out): such DMA belongs into
// a timer of the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/vfio_user/config_space.hpp"
#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"

namespace quiesce::vfio_user {

/// Who asked for a reset. The protocol does not say more: a secondary bus reset of the guest, the
/// machine's own reset and the client's start all come as `device` (QEMU: vfio_user_pci_reset).
enum class ResetKind {
  flr,     ///< Initiate Function Level Reset of PCIe Device Control (PCIe 6.0 section 7.5.3.4)
  pm,      ///< D3hot to D0 without No_Soft_Reset (PCI PM 1.2 section 5.4.1)
  device,  ///< VFIO_USER_DEVICE_RESET
};
const char* to_string(ResetKind kind);

/// What a device may do to its machine. Owned by the server; valid while the device is attached.
class Host {
 public:
  virtual ~Host() = default;
  virtual Loop& loop() = 0;
  /// The function's configuration space as it is now. A device may change it (status bits, AER).
  virtual ConfigSpace& config() = 0;

  /// Bus mastering. `address` is guest-physical (or what an IOMMU makes of it: as the client mapped
  /// it). Nothing here looks at Bus Master Enable: obeying it is the device's business, as in
  /// hardware. An access may span several mappings. not_found: a byte of it is in none, or in one
  /// that forbids it, and then nothing was done; io: the client has cut the file behind it; closed:
  /// the client is gone, or did not answer in time and was dropped.
  virtual Result<void> dma_write(std::uint64_t address, std::span<const std::byte> bytes) = 0;
  virtual Result<void> dma_read(std::uint64_t address, std::span<std::byte> bytes) = 0;
  /// As dma_write, but also into memory that this client has unmapped since, as a device does that
  /// nobody told: for a server with Limits::stale_mappings.
  virtual Result<void> dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) = 0;

  /// Drives the INTx pin. Level triggered: stays until set to false. Without a pin in the
  /// configuration space, or before the client has connected an event, nothing happens (false).
  /// INTx Disable of the Command register and Interrupt Status are kept by the server.
  virtual bool set_intx(bool asserted) = 0;
  /// One message. False when the client has not connected the vector (QEMU connects those that the
  /// guest enabled, and keeps the masks of MSI-X itself).
  virtual bool raise_msi(unsigned vector) = 0;
  virtual bool raise_msix(unsigned vector) = 0;
};

class Device {
 public:
  virtual ~Device() = default;

  /// Asked once, before anything is served.
  virtual ConfigSpace config_space() = 0;
  /// The server is up. `host` outlives the device's last call.
  virtual void attach(Host& host) = 0;

  /// `width` is 1, 2, 4 or 8; the access lies within the BAR. An answer of all ones is what a dead
  /// device gives.
  virtual std::uint64_t read(int bar, std::uint64_t offset, unsigned width) = 0;
  virtual void write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) = 0;

  /// Asked before each configuration access: return true for a device that is not ready, or dead.
  /// A read then gives all ones and a write is lost. Interrupt Pin alone is answered: QEMU asks for
  /// it after a reset, and its machine aborts with a pin that cannot be (hw/vfio/pci.c,
  /// vfio_intx_enable; hw/pci/pci.c, pci_irq_handler). Default: false.
  virtual bool config_unreadable();
  /// After the guest's write went through the configuration space's write mask. Default: nothing.
  virtual void config_written(std::uint16_t offset, unsigned width, std::uint32_t value);

  /// A reset reached the device. Return true when it had effect: the server then puts the
  /// configuration space back to its defaults (all of it for `device`; what FLR and PM leave, such
  /// as the sticky bits, they leave). Return false and nothing happens to it.
  virtual bool reset(ResetKind kind) = 0;

  /// A client connected or went away.
  virtual void connected();
  virtual void disconnected();
  /// The client gave or took memory.
  virtual void dma_mapped(std::uint64_t address, std::uint64_t bytes);
  virtual void dma_unmapped(std::uint64_t address, std::uint64_t bytes);
};

}  // namespace quiesce::vfio_user
