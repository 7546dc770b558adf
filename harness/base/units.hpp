// SPDX-License-Identifier: GPL-2.0-or-later
// Sizes and durations as people write them, and addresses that are not pointers.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "harness/base/clock.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// A size in bytes.
struct Bytes {
  std::uint64_t value = 0;
  auto operator<=>(const Bytes&) const = default;
};

constexpr Bytes operator""_KiB(unsigned long long n) {
  return {n << 10};
}
constexpr Bytes operator""_MiB(unsigned long long n) {
  return {n << 20};
}
constexpr Bytes operator""_GiB(unsigned long long n) {
  return {n << 30};
}

/// An address in the guest's physical memory.
struct GuestPhys {
  std::uint64_t value = 0;
  auto operator<=>(const GuestPhys&) const = default;
};

/// An address as the guest's own code sees it.
struct GuestVirt {
  std::uint64_t value = 0;
  auto operator<=>(const GuestVirt&) const = default;
};

/// [begin, end) in guest physical memory.
struct PhysRange {
  GuestPhys begin;
  GuestPhys end;
  auto operator<=>(const PhysRange&) const = default;
  std::uint64_t size() const { return end.value - begin.value; }
  bool contains(GuestPhys at) const { return begin <= at && at < end; }
};

/// "512", "4K", "256M", "1G", "256MiB", "1GiB": powers of 1024, whole numbers only.
Result<Bytes> parse_bytes(std::string_view text);
/// "256 MiB", "4 KiB", "512 bytes": exact where it is a multiple, else one decimal.
std::string format_bytes(Bytes size);

/// "250ms", "2s", "1.5s", "3min".
Result<Seconds> parse_duration(std::string_view text);
/// "250 ms", "2.0 s".
std::string format_duration(Seconds time);

/// A non-negative number: decimal, or hexadecimal after 0x. Nothing may follow it.
Result<std::uint64_t> parse_number(std::string_view text);

}  // namespace quiesce
