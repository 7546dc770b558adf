// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/pci_config.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace quiesce {

namespace {

constexpr std::uint16_t cap_pm = 0x01;
constexpr std::uint16_t cap_msi = 0x05;
constexpr std::uint16_t cap_pcie = 0x10;
constexpr std::uint16_t cap_msix = 0x11;
constexpr std::uint16_t cap_af = 0x13;
constexpr std::uint16_t extended_aer = 0x0001;

}  // namespace

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
  if ((status() & 0x10) != 0)
    for (std::size_t at = byte(0x34) & 0xfcU; at >= 0x40 && at + 2 <= conventional && !met(at);
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
  state.intx_disabled = (command() & 0x400) != 0;
  state.intx_pending = (status() & 0x8) != 0;
  if (const auto msi = capability(cap_msi)) state.msi = (word(msi->offset + 2U) & 0x1) != 0;
  if (const auto msix = capability(cap_msix)) {
    state.msix = (word(msix->offset + 2U) & 0x8000) != 0;
    state.msix_masked = (word(msix->offset + 2U) & 0x4000) != 0;
  }
  return state;
}

std::optional<bool> PciConfig::transactions_pending() const {
  const auto pcie = capability(cap_pcie);
  if (!pcie) return std::nullopt;
  return (word(pcie->offset + 0x0aU) & 0x20) != 0;
}

std::optional<int> PciConfig::power_state() const {
  const auto pm = capability(cap_pm);
  if (!pm) return std::nullopt;
  return word(pm->offset + 4U) & 0x3;
}

bool PciConfig::has_flr() const {
  if (const auto pcie = capability(cap_pcie); pcie && (dword(pcie->offset + 4U) & 1U << 28) != 0)
    return true;
  const auto af = capability(cap_af);
  return af && (byte(af->offset + 3U) & 0x2) != 0;
}

std::optional<PciConfig::Aer> PciConfig::aer() const {
  const auto found = extended_capability(extended_aer);
  if (!found) return std::nullopt;
  return Aer{.uncorrectable = dword(found->offset + 4U),
             .correctable = dword(found->offset + 0x10U)};
}

}  // namespace quiesce
