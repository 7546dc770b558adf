// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/page_compare.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace quiesce::observe {

namespace {

constexpr std::size_t step = 64;

/// Whether two steps differ, without a call: memcmp of so few bytes costs more than the comparison.
bool step_differs(const std::byte* a, const std::byte* b) {
  std::array<std::uint64_t, step / 8> left;
  std::array<std::uint64_t, step / 8> right;
  std::memcpy(left.data(), a, step);
  std::memcpy(right.data(), b, step);
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < left.size(); ++i) any |= left[i] ^ right[i];
  return any != 0;
}

void count_bytes(std::span<const std::byte> a, std::span<const std::byte> b, std::size_t at,
                 std::size_t end, Difference& found) {
  for (; at < end; ++at) {
    if (a[at] == b[at]) continue;
    if (found.bytes == 0) found.first = static_cast<std::uint32_t>(at);
    found.last = static_cast<std::uint32_t>(at);
    ++found.bytes;
  }
}

}  // namespace

Difference difference(std::span<const std::byte> a, std::span<const std::byte> b) {
  const std::size_t size = std::min(a.size(), b.size());
  Difference found;
  std::size_t at = 0;
  for (; at + step <= size; at += step)
    if (step_differs(a.data() + at, b.data() + at)) count_bytes(a, b, at, at + step, found);
  count_bytes(a, b, at, size, found);
  return found;
}

void PageComparer::compare(std::byte* then, const std::byte* now, const RamLayout::Extent& piece) {
  for (std::uint64_t at = piece.begin; at < piece.end; at += page_) {
    const std::uint64_t size = std::min(page_, piece.end - at);
    if (std::memcmp(then + at, now + at, size) != 0) changed(then, now, at, size);
  }
}

void PageComparer::changed(std::byte* then, const std::byte* now, std::uint64_t at,
                           std::uint64_t size) {
  std::memcpy(seen_.data(), now + at, size);
  const Difference which = difference({then + at, size}, {seen_.data(), size});
  if (which.bytes == 0) return;  // it changed back between the two looks
  std::memcpy(then + at + which.first, seen_.data() + which.first, which.last - which.first + 1);
  found_.push_back({.offset = at, .bytes = which.bytes, .first = which.first, .last = which.last});
}

}  // namespace quiesce::observe
