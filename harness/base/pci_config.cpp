// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/pci_config.hpp"

#include <linux/pci_regs.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace quiesce {

std::string to_string(PciAddress address) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", address.domain, address.bus, address.device,
                     address.function);
}

Result<PciAddress> parse_pci_address(std::string_view text) {
  std::array<unsigned, 4> parts{};
  const std::string_view whole = text;
  // Widths and what follows each part; the domain may be left out.
  constexpr std::array<char, 3> after{':', ':', '.'};
  constexpr std::array<unsigned, 4> most{0xffff, 0xff, 31, 7};
  const bool has_domain = text.find(':') != text.rfind(':');
  for (std::size_t part = has_domain ? 0 : 1; part < parts.size(); ++part) {
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), parts.at(part), 16);
    const bool last = part + 1 == parts.size();
    const char* end = text.data() + text.size();
    const bool follows = last ? rest == end : rest != end && *rest == after.at(part);
    if (error != std::errc() || parts.at(part) > most.at(part) || !follows)
      return fail(Errc::invalid_input, "\"{}\" is no PCI address; write it as in \"0000:00:03.0\"",
                  whole);
    if (!last) text.remove_prefix(static_cast<std::size_t>(rest + 1 - text.data()));
  }
  return PciAddress{.domain = static_cast<std::uint16_t>(parts[0]),
                    .bus = static_cast<std::uint8_t>(parts[1]),
                    .device = static_cast<std::uint8_t>(parts[2]),
                    .function = static_cast<std::uint8_t>(parts[3])};
}

std::uint8_t PciConfig::byte(std::size_t offset) const {
  return offset < bytes_.size() ? std::to_integer<std::uint8_t>(bytes_[offset])
                                : std::uint8_t{0xff};
}

std::uint16_t PciConfig::word(std::size_t offset) const {
  return static_cast<std::uint16_t>(byte(offset) | byte(offset + 1) << 8);
}

std::uint32_t PciConfig::dword(std::size_t offset) const {
  return word(offset) | static_cast<std::uint32_t>(word(offset + 2)) << 16;
}

std::vector<PciCapability> PciConfig::capabilities() const {
  std::vector<PciCapability> list;
  if (absent()) return list;
  const auto met = [&](std::size_t at) {
    return std::ranges::any_of(list, [&](const auto& known) { return known.offset == at; });
  };
  const std::size_t conventional = std::min<std::size_t>(bytes_.size(), 0x100);
  if ((status() & PCI_STATUS_CAP_LIST) != 0)
    for (std::size_t at = byte(PCI_CAPABILITY_LIST) & 0xfcU;
         at >= PCI_STD_HEADER_SIZEOF && at + 2 <= conventional && !met(at);
         at = byte(at + 1) & 0xfcU)
      list.push_back({.id = byte(at), .offset = static_cast<std::uint16_t>(at)});
  for (std::size_t at = 0x100; at >= 0x100 && at + 4 <= bytes_.size() && !met(at);) {
    const std::uint32_t header = dword(at);
    if (header == 0 || header == 0xffffffff) break;
    list.push_back({.id = static_cast<std::uint16_t>(header & 0xffff),
                    .offset = static_cast<std::uint16_t>(at),
                    .extended = true});
    at = header >> 20 & 0xffc;
  }
  return list;
}

std::optional<PciCapability> PciConfig::capability(std::uint16_t id) const {
  for (const auto& found : capabilities())
    if (!found.extended && found.id == id) return found;
  return std::nullopt;
}

std::optional<PciCapability> PciConfig::extended_capability(std::uint16_t id) const {
  for (const auto& found : capabilities())
    if (found.extended && found.id == id) return found;
  return std::nullopt;
}

PciInterrupts PciConfig::interrupts() const {
  PciInterrupts state;
  if (absent()) return state;
  state.intx_disabled = (command() & PCI_COMMAND_INTX_DISABLE) != 0;
  state.intx_pending = (status() & PCI_STATUS_INTERRUPT) != 0;
  if (const auto msi = capability(PCI_CAP_ID_MSI))
    state.msi = (word(msi->offset + PCI_MSI_FLAGS) & PCI_MSI_FLAGS_ENABLE) != 0;
  if (const auto msix = capability(PCI_CAP_ID_MSIX)) {
    state.msix = (word(msix->offset + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_ENABLE) != 0;
    state.msix_masked = (word(msix->offset + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_MASKALL) != 0;
  }
  return state;
}

std::optional<bool> PciConfig::transactions_pending() const {
  const auto pcie = capability(PCI_CAP_ID_EXP);
  if (!pcie) return std::nullopt;
  return (word(pcie->offset + PCI_EXP_DEVSTA) & PCI_EXP_DEVSTA_TRPND) != 0;
}

std::optional<int> PciConfig::power_state() const {
  const auto pm = capability(PCI_CAP_ID_PM);
  if (!pm) return std::nullopt;
  return word(pm->offset + PCI_PM_CTRL) & PCI_PM_CTRL_STATE_MASK;
}

bool PciConfig::has_flr() const {
  if (const auto pcie = capability(PCI_CAP_ID_EXP);
      pcie && (dword(pcie->offset + PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR) != 0)
    return true;
  const auto af = capability(PCI_CAP_ID_AF);
  return af && (byte(af->offset + PCI_AF_CAP) & PCI_AF_CAP_FLR) != 0;
}

std::optional<PciConfig::Aer> PciConfig::aer() const {
  const auto found = extended_capability(PCI_EXT_CAP_ID_ERR);
  if (!found) return std::nullopt;
  return Aer{.uncorrectable = dword(found->offset + PCI_ERR_UNCOR_STATUS),
             .correctable = dword(found->offset + PCI_ERR_COR_STATUS)};
}

}  // namespace quiesce
