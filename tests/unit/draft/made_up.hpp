// SPDX-License-Identifier: GPL-2.0-or-later
// A network card that no QEMU has.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/draft/draft.hpp"

namespace quiesce::draft::made_up {

/// 8086:10c9 with subsystem 1af4:1100, programming interface 1, power management and MSI.
inline std::vector<std::byte> bytes(std::uint16_t class_code) {
  std::vector<std::byte> all(256);
  const auto put = [&](std::size_t at, std::initializer_list<unsigned> values) {
    for (const unsigned value : values) all[at++] = static_cast<std::byte>(value);
  };
  put(0x00, {0x86, 0x80, 0xc9, 0x10, 0x00, 0x00, 0x10, 0x00});
  put(0x09, {0x01, class_code & 0xffU, static_cast<unsigned>(class_code >> 8)});
  put(0x2c, {0xf4, 0x1a, 0x00, 0x11});
  put(0x34, {0x40});
  put(0x40, {0x01, 0x50, 0x03, 0x00});
  put(0x50, {0x05, 0x00, 0x80, 0x00});
  return all;
}

inline PciConfig card() {
  return PciConfig(bytes(0x0200));
}

inline QemuFacts facts() {
  return {
      .qemu_version = "9.9.9",
      .device = {.name = "Made_Up", .bus = "PCI", .alias = "", .description = "", .category = ""},
      .properties = {{"netdev", "str"}, {"mac", "str"}},
      .config = card(),
      .bars = {{0, false, 131072}},
      .buses = {},
      .reset_events = {}};
}

}  // namespace quiesce::draft::made_up
