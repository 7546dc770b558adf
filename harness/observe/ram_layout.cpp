// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/ram_layout.hpp"

#include <algorithm>

namespace quiesce::observe {

RamLayout RamLayout::q35(Bytes size) {
  constexpr std::uint64_t split_from = 0xb0000000;
  constexpr std::uint64_t low_when_split = 0x80000000;
  constexpr std::uint64_t four_gib = 1ULL << 32;
  if (size.value < split_from) return RamLayout({{.begin = {0}, .offset = 0, .size = size.value}});
  return RamLayout(
      {{.begin = {0}, .offset = 0, .size = low_when_split},
       {.begin = {four_gib}, .offset = low_when_split, .size = size.value - low_when_split}});
}

std::optional<std::uint64_t> RamLayout::offset_of(GuestPhys at) const {
  for (const auto& piece : pieces_)
    if (at >= piece.begin && at.value - piece.begin.value < piece.size)
      return piece.offset + (at.value - piece.begin.value);
  return std::nullopt;
}

std::optional<GuestPhys> RamLayout::phys_of(std::uint64_t offset) const {
  for (const auto& piece : pieces_)
    if (offset >= piece.offset && offset - piece.offset < piece.size)
      return GuestPhys{piece.begin.value + (offset - piece.offset)};
  return std::nullopt;
}

std::vector<RamLayout::Extent> RamLayout::offsets_of(const PhysRange& range) const {
  std::vector<Extent> found;
  for (const auto& piece : pieces_) {
    const std::uint64_t begin = std::max(range.begin.value, piece.begin.value);
    const std::uint64_t end = std::min(range.end.value, piece.begin.value + piece.size);
    if (begin >= end) continue;
    found.push_back({.begin = piece.offset + (begin - piece.begin.value),
                     .end = piece.offset + (end - piece.begin.value)});
  }
  return found;
}

Bytes RamLayout::size() const {
  std::uint64_t sum = 0;
  for (const auto& piece : pieces_) sum += piece.size;
  return {sum};
}

}  // namespace quiesce::observe
