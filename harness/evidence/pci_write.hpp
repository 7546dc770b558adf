// SPDX-License-Identifier: GPL-2.0-or-later
// Configuration writes out of QEMU's trace, and what each did to its function.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/evidence/run.hpp"

namespace quiesce::evidence {

/// One pci_cfg_write of trace.log. The trace does not say how wide the write was.
struct PciWrite {
  double t = 0;
  PciAddress address;
  std::uint32_t offset = 0;
  std::uint32_t value = 0;
};

/// "DEVICE BB:DD.F @0xOFFSET <- 0xVALUE" (QEMU 7.2, hw/pci/trace-events).
std::optional<PciWrite> parse_pci_write(const TraceLine& line);
/// All of them, in the trace's order.
std::vector<PciWrite> pci_writes(const Run& run);

/// What a write says about Bus Master, MSI and MSI-X: nullopt when it does not touch the bit.
std::optional<bool> sets_bus_master(const PciWrite& write);
std::optional<bool> sets_msi(const PciWrite& write, const PciConfig& config);
std::optional<bool> sets_msix(const PciWrite& write, const PciConfig& config);
/// Initiate Function Level Reset: Device Control bit 15 (PCIe 7.5.3.4) or AF Control bit 0.
bool initiates_flr(const PciWrite& write, const PciConfig& config);
/// Secondary Bus Reset of a bridge: Bridge Control bit 6.
bool resets_secondary_bus(const PciWrite& write, const PciConfig& bridge);
/// PowerState D3hot in PMCSR.
bool enters_d3hot(const PciWrite& write, const PciConfig& config);

}  // namespace quiesce::evidence
