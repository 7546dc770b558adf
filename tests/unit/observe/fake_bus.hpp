// SPDX-License-Identifier: GPL-2.0-or-later
// A q35 that consists of configuration spaces, in place of QEMU.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/target/bus.hpp"

namespace quiesce::observe {

class FakeBus final : public target::Bus {
 public:
  std::map<PciAddress, std::vector<std::byte>> functions;
  std::map<std::uint64_t, std::uint32_t> memory;
  std::optional<std::uint64_t> window;  ///< where configuration space is mapped, when it is
  std::uint32_t address = 0x80000004;   ///< 0xcf8, as a kernel left it
  int budget = 1 << 30;                 ///< this many calls, then the peer is gone
  int memory_reads = 0;                 ///< outside the window
  struct Write {
    PciAddress at;
    std::size_t offset;
    std::uint32_t value;
  };
  std::vector<Write> writes;

  std::vector<std::byte>& add(PciAddress at, std::uint32_t id, std::size_t size = 256) {
    auto& bytes = functions[at];
    bytes.assign(size, std::byte{0});
    put(at, 0, id, 4);
    return bytes;
  }
  void put(PciAddress at, std::size_t offset, std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i)
      functions.at(at).at(offset + i) = static_cast<std::byte>(value >> (8 * i) & 0xff);
  }
  std::uint32_t config(PciAddress at, std::size_t offset) const {
    const auto found = functions.find(at);
    return found == functions.end() ? 0xffffffff : PciConfig(found->second).dword(offset);
  }

  Result<std::uint32_t> in32(std::uint16_t port) override {
    if (--budget < 0) return fail(Errc::closed, "gone");
    if (port == 0xcf8) return address;
    return config(selected(), address & 0xfc);
  }
  Result<void> out32(std::uint16_t port, std::uint32_t value) override {
    if (--budget < 0) return fail(Errc::closed, "gone");
    if (port == 0xcf8)
      address = value;
    else
      writes.push_back({.at = selected(), .offset = address & 0xfc, .value = value});
    return {};
  }
  Result<std::uint32_t> read32(GuestPhys at) override {
    if (--budget < 0) return fail(Errc::closed, "gone");
    if (const auto place = in_window(at)) return config(*place, at.value & 0xfff);
    ++memory_reads;
    const auto found = memory.find(at.value);
    return found != memory.end() ? found->second : 0xffffffff;
  }
  Result<void> write32(GuestPhys, std::uint32_t) override {
    return fail(Errc::internal, "nobody writes memory");
  }
  Result<std::vector<std::byte>> read(GuestPhys at, std::size_t size) override {
    if (--budget < 0) return fail(Errc::closed, "gone");
    std::vector<std::byte> bytes(size, std::byte{0xff});
    if (const auto place = in_window(at))
      if (const auto found = functions.find(*place); found != functions.end())
        std::copy_n(found->second.begin(), std::min(size, found->second.size()), bytes.begin());
    return bytes;
  }

 private:
  PciAddress selected() const { return place(address & 0xffffff, 8); }
  std::optional<PciAddress> in_window(GuestPhys at) const {
    if (!window || at.value < *window || at.value - *window >= 256ULL << 20) return std::nullopt;
    return place(at.value - *window, 12);
  }
  static PciAddress place(std::uint64_t bits, int shift) {
    return {.bus = static_cast<std::uint8_t>(bits >> (shift + 8)),
            .device = static_cast<std::uint8_t>(bits >> (shift + 3) & 31),
            .function = static_cast<std::uint8_t>(bits >> shift & 7)};
  }
};

}  // namespace quiesce::observe
