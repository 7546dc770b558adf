// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/pci_write.hpp"

#include "harness/record/trace_line.hpp"

namespace quiesce::evidence {

namespace {

constexpr std::uint16_t cap_pm = 0x01;
constexpr std::uint16_t cap_msi = 0x05;
constexpr std::uint16_t cap_pcie = 0x10;
constexpr std::uint16_t cap_msix = 0x11;
constexpr std::uint16_t cap_af = 0x13;

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

std::optional<PciWrite> parse_pci_write(const TraceLine& line) {
  if (line.event != "pci_cfg_write") return std::nullopt;
  const auto parsed = record::parse_pci_cfg_write(line.arguments);
  if (!parsed) return std::nullopt;
  return PciWrite{line.t, parsed->address, parsed->offset, parsed->value};
}

std::vector<PciWrite> pci_writes(const Run& run) {
  std::vector<PciWrite> writes;
  for (const TraceLine& line : run.trace)
    if (const auto write = parse_pci_write(line)) writes.push_back(*write);
  return writes;
}

std::optional<bool> sets_bus_master(const PciWrite& write) {
  return word_bit(write, 0x04, 2);
}

std::optional<bool> sets_msi(const PciWrite& write, const PciConfig& config) {
  const auto msi = config.capability(cap_msi);
  return msi ? word_bit(write, msi->offset + 2U, 0) : std::nullopt;
}

std::optional<bool> sets_msix(const PciWrite& write, const PciConfig& config) {
  const auto msix = config.capability(cap_msix);
  return msix ? word_bit(write, msix->offset + 2U, 15) : std::nullopt;
}

bool initiates_flr(const PciWrite& write, const PciConfig& config) {
  if (const auto pcie = config.capability(cap_pcie))
    if (word_bit(write, pcie->offset + 8U, 15).value_or(false)) return true;
  const auto af = config.capability(cap_af);
  return af && write.offset == af->offset + 4U && (write.value & 1) != 0;
}

bool resets_secondary_bus(const PciWrite& write, const PciConfig& bridge) {
  return bridge.is_bridge() && word_bit(write, 0x3e, 6).value_or(false);
}

bool enters_d3hot(const PciWrite& write, const PciConfig& config) {
  const auto pm = config.capability(cap_pm);
  return pm && write.offset == pm->offset + 4U && (write.value & 3) == 3;
}

}  // namespace quiesce::evidence
