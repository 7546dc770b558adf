// SPDX-License-Identifier: GPL-2.0-or-later
// Sets of offsets as sorted lists of extents that neither touch nor overlap. Pure.
#pragma once

#include <vector>

#include "harness/observe/ram_layout.hpp"

namespace quiesce::observe {

using Extent = RamLayout::Extent;
using Extents = std::vector<Extent>;

/// Sorted, empty ones dropped, those that touch or overlap joined.
Extents normalised(Extents extents);
/// Every extent grown to whole pages of `page` bytes.
Extents whole_pages(Extents extents, std::uint64_t page);
Extents united(Extents a, const Extents& b);
/// `from` without `what`; both normalised.
Extents without(const Extents& from, const Extents& what);
/// Cut into pieces of at most `most` bytes that begin at multiples of `most` where they can.
Extents chopped(const Extents& extents, std::uint64_t most);
std::uint64_t total(const Extents& extents);

}  // namespace quiesce::observe
