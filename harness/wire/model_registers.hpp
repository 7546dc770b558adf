// SPDX-License-Identifier: GPL-2.0-or-later
// The registers that every reference model has in its BAR 0, so that one driver in the agent arms,
// tests and reads them all. 4096 bytes, little endian, 32-bit accesses (64-bit values as two).
#pragma once

#include <cstdint>

namespace quiesce::wire::model {

/// PCI identity: 0x1234 is the vendor that QEMU's own test devices use; nobody's driver binds here.
inline constexpr std::uint16_t vendor_id = 0x1234;
inline constexpr std::uint16_t device_id = 0x51ce;
/// Class 0xff: unassigned.
inline constexpr std::uint32_t class_code = 0xff0000;
inline constexpr std::uint32_t bar0_size = 4096;

enum Register : std::uint32_t {
  id = 0x00,        ///< RO: id_value
  version = 0x04,   ///< RO: 1
  status = 0x08,    ///< RO: Status bits
  control = 0x0c,   ///< RW: Control bits; 0 after a reset that works
  ring_low = 0x10,  ///< RW: guest-physical address of the ring
  ring_high = 0x14,
  ring_bytes = 0x18,    ///< RW: size of the ring; a multiple of item_bytes
  item_bytes = 0x1c,    ///< RW: bytes a write; 64 to 4096, a multiple of 64
  rate = 0x20,          ///< RW: writes a second; 1 to 100000
  sequence_low = 0x24,  ///< RO: items written since the last reset that ended its DMA
  sequence_high = 0x28,
  scratch = 0x2c,        ///< RW: scratch_default after a reset: shows whether registers were reset
  copy_from_low = 0x30,  ///< RW: the copy of the function test: source, destination, bytes
  copy_from_high = 0x34,
  copy_to_low = 0x38,
  copy_to_high = 0x3c,
  copy_bytes = 0x40,  ///< RW: at most 65536
  doorbell = 0x44,    ///< WO: 1 copies; Status copy_done or error tells when
  resets = 0x48,      ///< RO: function and bus resets that reached the device, with effect or not
  interrupts = 0x4c,  ///< RO: interrupts raised
  acknowledge =
      0x50,  ///< WO: 1 clears interrupt_pending and deasserts INTx (where the model obeys)
};

inline constexpr std::uint32_t id_value = 0x45435351;  ///< "QSCE"
inline constexpr std::uint32_t version_value = 1;
inline constexpr std::uint32_t scratch_default = 0x5ca1ab1e;

enum Status : std::uint32_t {
  ready = 1U << 0,    ///< may be used
  running = 1U << 1,  ///< writes into the ring
  /// Something was refused. Reading it clears it, except where the model needs a reset.
  error = 1U << 2,
  copy_done = 1U << 3,          ///< the last copy is complete; cleared by the next doorbell
  interrupt_pending = 1U << 4,  ///< INTx is asserted
  used = 1U << 5,               ///< was run since the last reset that ended its DMA
};

enum Control : std::uint32_t {
  /// Write into the ring as its registers say when this is set; they may be changed meanwhile for
  /// the next time. Clearing it stops a well-behaved model.
  run = 1U << 0,
  interrupt = 1U << 1,   ///< raise an interrupt for each item or copy
  soft_reset = 1U << 2,  ///< reset the registers; reads back as 0
};

}  // namespace quiesce::wire::model
