// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/extents.hpp"

#include <algorithm>

namespace quiesce::observe {

Extents normalised(Extents extents) {
  std::ranges::sort(extents, {}, &RamLayout::Extent::begin);
  Extents joined;
  for (const auto& next : extents) {
    if (next.begin >= next.end) continue;
    if (!joined.empty() && next.begin <= joined.back().end)
      joined.back().end = std::max(joined.back().end, next.end);
    else
      joined.push_back(next);
  }
  return joined;
}

Extents whole_pages(Extents extents, std::uint64_t page) {
  for (auto& extent : extents) {
    extent.begin -= extent.begin % page;
    extent.end = (extent.end + page - 1) / page * page;
  }
  return normalised(std::move(extents));
}

Extents united(Extents a, const Extents& b) {
  a.insert(a.end(), b.begin(), b.end());
  return normalised(std::move(a));
}

Extents without(const Extents& from, const Extents& what) {
  Extents left;
  auto cut = what.begin();
  for (auto rest : from) {
    while (cut != what.end() && cut->end <= rest.begin) ++cut;
    for (auto at = cut; at != what.end() && at->begin < rest.end; ++at) {
      if (rest.begin < at->begin) left.push_back({.begin = rest.begin, .end = at->begin});
      rest.begin = std::max(rest.begin, at->end);
    }
    if (rest.begin < rest.end) left.push_back(rest);
  }
  return left;
}

Extents chopped(const Extents& extents, std::uint64_t most) {
  Extents pieces;
  for (const auto& extent : extents) {
    for (std::uint64_t at = extent.begin; at < extent.end;) {
      const std::uint64_t end = std::min(extent.end, (at / most + 1) * most);
      pieces.push_back({.begin = at, .end = end});
      at = end;
    }
  }
  return pieces;
}

std::uint64_t total(const Extents& extents) {
  std::uint64_t sum = 0;
  for (const auto& extent : extents) sum += extent.size();
  return sum;
}

}  // namespace quiesce::observe
