// SPDX-License-Identifier: GPL-2.0-or-later
// What a configuration write of QEMU's trace did to its function.
#pragma once

#include <optional>

#include "harness/evidence/trace.hpp"

namespace quiesce::evidence {

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
