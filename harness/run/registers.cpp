// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/registers.hpp"

#include <cctype>
#include <cstdlib>
#include <optional>

namespace quiesce::run {

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

}  // namespace

std::vector<CpuState> parse_registers(const std::string& text) {
  std::vector<CpuState> cpus;
  constexpr std::string_view heading = "CPU#";
  for (std::size_t at = text.find(heading); at != std::string::npos;) {
    const std::size_t next = text.find(heading, at + 1);
    const std::string_view block = std::string_view(text).substr(at, next - at);
    // EIP where the CPU is not in 64-bit mode; "RIP=" must be looked for first, since "EIP=" is no
    // part of it.
    auto rip = value_of(block, "RIP=");
    if (!rip) rip = value_of(block, "EIP=");
    auto rsp = value_of(block, "RSP=");
    if (!rsp) rsp = value_of(block, "ESP=");
    if (rip && rsp)
      cpus.push_back({.index = std::atoi(block.substr(heading.size()).data()),
                      .rip = {*rip},
                      .rsp = {*rsp},
                      .halted = value_of(block, "HLT=").value_or(0) == 1});
    at = next;
  }
  return cpus;
}

std::string place_of(GuestVirt rip, const GuestFacts& facts, bool kernel_spoke) {
  // Documentation/x86/x86_64/mm.rst: kernel text and modules live in the last 2 GiB, other kernel
  // mappings above the hole.
  constexpr std::uint64_t kernel_text = 0xffffffff80000000;
  constexpr std::uint64_t kernel_half = 0xffff800000000000;
  if (rip.value >= kernel_text) return kernel_spoke ? "kernel" : "early kernel";
  if (rip.value >= kernel_half) return "kernel";
  // Below that an address of the early boot is physical: purgatory and decompressor run identity
  // mapped.
  const GuestPhys physical{rip.value};
  for (const auto& segment : facts.segments) {
    if (!segment.range.contains(physical)) continue;
    if (segment.name == "kernel") return "decompressor";
    return segment.name;
  }
  if (facts.crash_region.contains(physical)) return "decompressor or early kernel";
  if (physical.value < (1U << 20)) return "real-mode code";
  return kernel_spoke ? "userspace" : "outside of all known code";
}

}  // namespace quiesce::run
