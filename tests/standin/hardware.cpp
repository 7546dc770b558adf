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

std::uint32_t Hardware::config(std::uint32_t address) const {
  const unsigned slot = address >> 11 & 31;
  const unsigned offset = address & 0xfc;
  const bool first_function = (address >> 8 & 0xff07U) == 0;  // of bus 0
  if (!first_function || (slot != 0 && !slots_.contains(slot))) return 0xffffffff;
  if (offset == 0) return slot == 0 ? 0x29c08086 : 0x10d38086;
  if (offset == 4) return 0x0006;  // memory, Bus Master
  if (offset == 0x10 && slot != 0) return 0xfe000000 + (slot << 20);
  return 0;
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
    return fmt::format("OK {:#06x}", number(1) == 0xcf8 ? address_ : config(address_ & 0xffffff));
  if (words[0] == "readl") return "OK 0x0000000000000005";
  if (words[0] == "read") return "OK 0x" + std::string(2 * number(2), 'f');
  return "FAIL Unknown command";
}

void Hardware::receive(std::string_view frame) {
  constexpr std::size_t page = 4096;
  const std::size_t at = (32U << 20) + received_++ % 8 * page;
  if (at + page <= ram_.size())
    std::memcpy(ram_.writable().data() + at, frame.data(), std::min(frame.size(), page));
}

}  // namespace quiesce::standin
