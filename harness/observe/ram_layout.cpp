// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/ram_layout.hpp"

#include <algorithm>

namespace quiesce::observe {

RamLayout RamLayout::of(const target::RamSplit& split, Bytes size) {
  if (size.value < split.split_from)
    return RamLayout({{.begin = {0}, .offset = 0, .size = size.value}});
  return RamLayout({{.begin = {0}, .offset = 0, .size = split.low},
                    {.begin = {split.high}, .offset = split.low, .size = size.value - split.low}});
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
