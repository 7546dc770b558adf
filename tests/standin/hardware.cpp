// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/standin/hardware.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "harness/base/text.hpp"
#include "harness/base/units.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::standin {

namespace {

constexpr std::uint32_t window = 0xb0000000;
constexpr std::uint32_t ring_register = 5;  // head and tail of every ring

std::uint64_t ram_size(const std::vector<std::string>& argv) {
  const auto found = std::ranges::find(argv, "-m");
  return std::strtoull((found + 1)->c_str(), nullptr, 10);
}

}  // namespace

Hardware::Hardware(const std::vector<std::string>& argv)
    : ram_(Mapping::of_file(vm::ChildFds{}.ram, ram_size(argv), Mapping::Access::read_write)
               .value()) {
  for (std::size_t i = 0; i + 1 < argv.size(); ++i) {
    if (argv[i] != "-device") continue;
    const auto device = nlohmann::json::parse(argv[i + 1]);
    if (device.contains("addr"))
      slots_.insert(static_cast<unsigned>(
          std::strtoul(device["addr"].get<std::string>().c_str(), nullptr, 16)));
  }
}

std::uint32_t Hardware::config(unsigned slot, std::uint64_t offset) const {
  if (slot != 0 && !slots_.contains(slot)) return 0xffffffff;
  if (offset == 0) return slot == 0 ? 0x29c08086 : 0x10d38086;
  if (offset == 4) return 0x0006;  // memory, Bus Master
  if (offset == 0x10 && slot != 0) return 0xfe000000 + (slot << 20);
  if (offset == 0x60 && slot == 0) return window | 1;  // PCIEXBAR: 256 buses
  return 0;
}

std::uint32_t Hardware::by_ports() const {
  const bool first_function = (address_ & 0xffff00 & ~0xf800U) == 0;  // of bus 0
  return first_function ? config(address_ >> 11 & 31, address_ & 0xfc) : 0xffffffff;
}

std::uint32_t Hardware::memory(std::uint64_t at) const {
  if (at < window || at >= window + (256U << 20)) return ring_register;
  const std::uint64_t place = at - window;
  const bool first_function = place < 32U << 15 && (place >> 12 & 7) == 0;
  return first_function ? config(static_cast<unsigned>(place >> 15), place & 0xffc) : 0xffffffff;
}

std::string Hardware::qtest(const std::string& line) {
  const auto words = split(line, ' ');
  const auto number = [&](std::size_t i) {
    return i < words.size() ? std::strtoull(words[i].c_str(), nullptr, 0) : 0;
  };
  if (words.empty()) return "FAIL";
  if (words[0] == "outl") {
    if (number(1) == 0xcf8) address_ = static_cast<std::uint32_t>(number(2));
    return "OK";
  }
  if (words[0] == "inl")
    return fmt::format("OK {:#06x}", number(1) == 0xcf8 ? address_ : by_ports());
  if (words[0] == "readl") return fmt::format("OK {:#018x}", memory(number(1)));
  if (words[0] == "read") {
    std::string bytes = "OK 0x";
    for (std::uint64_t i = 0; i < number(2); ++i)
      bytes += fmt::format("{:02x}", memory(number(1) + i) >> 8 * (i % 4) & 0xff);
    return bytes;
  }
  return "FAIL Unknown command";
}

void Hardware::receive(std::string_view frame) {
  constexpr std::size_t page = 4096;
  const std::size_t at = (32U << 20) + received_++ % 8 * page;
  if (at + page <= ram_.size())
    std::memcpy(ram_.writable().data() + at, frame.data(), std::min(frame.size(), page));
}

}  // namespace quiesce::standin
