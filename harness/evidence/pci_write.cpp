// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/pci_write.hpp"

#include <linux/pci_regs.h>

namespace quiesce::evidence {

namespace {

/// Bit `bit` of the word at `at`, when the write covers it: as a word, as its second byte, or,
/// where `at` is the upper half of a double word, by a write to that double word.
std::optional<bool> word_bit(const PciWrite& write, std::uint32_t at, unsigned bit) {
  if (write.offset == at) return (write.value >> bit & 1) != 0;
  if (bit >= 8 && write.offset == at + 1) return (write.value >> (bit - 8) & 1) != 0;
  if (at % 4 == 2 && write.offset == at - 2 && write.value > 0xffff)
    return (write.value >> (bit + 16) & 1) != 0;
  return std::nullopt;
}

}  // namespace

std::optional<bool> sets_bus_master(const PciWrite& write) {
  return word_bit(write, PCI_COMMAND, 2);
}

std::optional<bool> sets_msi(const PciWrite& write, const PciConfig& config) {
  const auto msi = config.capability(PCI_CAP_ID_MSI);
  return msi ? word_bit(write, msi->offset + unsigned{PCI_MSI_FLAGS}, 0) : std::nullopt;
}

std::optional<bool> sets_msix(const PciWrite& write, const PciConfig& config) {
  const auto msix = config.capability(PCI_CAP_ID_MSIX);
  return msix ? word_bit(write, msix->offset + unsigned{PCI_MSIX_FLAGS}, 15) : std::nullopt;
}

bool initiates_flr(const PciWrite& write, const PciConfig& config) {
  if (const auto pcie = config.capability(PCI_CAP_ID_EXP))
    if (word_bit(write, pcie->offset + unsigned{PCI_EXP_DEVCTL}, 15).value_or(false)) return true;
  const auto af = config.capability(PCI_CAP_ID_AF);
  return af && write.offset == af->offset + unsigned{PCI_AF_CTRL} &&
         (write.value & PCI_AF_CTRL_FLR) != 0;
}

bool resets_secondary_bus(const PciWrite& write, const PciConfig& bridge) {
  return bridge.is_bridge() && word_bit(write, PCI_BRIDGE_CONTROL, 6).value_or(false);
}

bool enters_d3hot(const PciWrite& write, const PciConfig& config) {
  const auto pm = config.capability(PCI_CAP_ID_PM);
  return pm && write.offset == pm->offset + unsigned{PCI_PM_CTRL} &&
         (write.value & PCI_PM_CTRL_STATE_MASK) == 3;
}

}  // namespace quiesce::evidence
