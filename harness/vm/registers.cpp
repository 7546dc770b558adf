// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/registers.hpp"

#include <cstdlib>
#include <optional>

#include "harness/base/units.hpp"

namespace quiesce::vm {

namespace {

/// The hexadecimal number after `name` ("RIP=") in `text`.
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string digits(text.substr(at + name.size(), 16));
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(digits.c_str(), &end, 16);
  if (end == digits.c_str()) return std::nullopt;
  return value;
}

/// Of the first name that stands there.
std::optional<std::uint64_t> first_of(std::string_view text,
                                      const std::array<std::string_view, 2>& names) {
  const auto value = value_of(text, names[0]);
  return value ? value : value_of(text, names[1]);
}

}  // namespace

std::vector<target::CpuState> parse_registers(const std::string& text,
                                              const target::RegisterNames& names) {
  std::vector<target::CpuState> cpus;
  constexpr std::string_view heading = "CPU#";
  for (std::size_t at = text.find(heading); at != std::string::npos;) {
    const std::size_t next = text.find(heading, at + 1);
    const std::string_view block = std::string_view(text).substr(at, next - at);
    const auto rip = first_of(block, names.instruction_pointer);
    const auto rsp = first_of(block, names.stack_pointer);
    if (rip && rsp)
      cpus.push_back({.index = std::atoi(block.substr(heading.size()).data()),
                      .rip = {*rip},
                      .rsp = {*rsp},
                      .halted = value_of(block, names.halted).value_or(0) == 1});
    at = next;
  }
  return cpus;
}

std::optional<GuestPhys> parse_physical(const std::string& text) {
  const std::size_t at = text.find("0x");
  if (at == std::string::npos) return std::nullopt;
  const auto value =
      parse_number(text.substr(at, text.find_first_not_of("0123456789abcdefx", at) - at));
  if (!value) return std::nullopt;
  return GuestPhys{*value};
}

}  // namespace quiesce::vm
