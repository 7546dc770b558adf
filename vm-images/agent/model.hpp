// SPDX-License-Identifier: GPL-2.0-or-later
// A driver for the reference models' registers. Nothing here trusts the device: every wait ends,
// and errors name the register and what it held.
#pragma once

#include "harness/base/clock.hpp"
#include "vm-images/agent/bar.hpp"
#include "vm-images/agent/dma_memory.hpp"
#include "vm-images/agent/pci_tree.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// Waits until the device tells its identity and Status.ready without Status.error; returns how
/// long that took.
Result<Seconds> wait_model_ready(const Bar& bar, Seconds patience);

/// Waits until one of the bits of Status is set; an error when it is not, or when Status.error is.
Result<Seconds> wait_model_status(const Bar& bar, std::uint32_t bits, Seconds patience);

/// Clears Control and waits until Status.running is clear; false when it stays.
Result<bool> halt_model(Bar& bar, Seconds patience);

struct ModelRing {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;  ///< a multiple of item
  std::uint32_t item = 256;
  std::uint32_t rate = 100;
  bool interrupt = false;
};
/// Programs the ring and sets Control.run.
Result<void> start_model_ring(Bar& bar, const ModelRing& ring);

/// Enables the function: I/O and memory by the kernel, Memory Space and Bus Master in Command; INTx
/// Disable as it is. Fails with timeout when sysfs does not answer.
Result<Bar> open_model(const PciTree& tree, PciAddress address);

/// Where messages go (Intel SDM volume 3, 11.11): address 0xfee00000 | APIC ID << 12.
struct ModelInterrupts {
  std::uint32_t apic = 0;
  std::uint8_t vector = 0xd0;
  unsigned vectors = 1;
};
/// Has the function interrupt: by MSI where it has the capability (true), else by its pin (false).
Result<bool> enable_model_interrupts(const PciTree& tree, PciAddress address,
                                     const ModelInterrupts& wanted);
/// The local APIC's ID of CPU 0 in /proc/cpuinfo; 0 when it does not say.
std::uint32_t first_apic_id(std::string_view cpuinfo);

/// The answer to `model-state`. Memory Space Enable is set for the reads where it was clear.
answer::ModelState model_state(const PciTree& tree, PciAddress address);
Result<Json> read_model_state(const Request& request);

}  // namespace quiesce::agent
