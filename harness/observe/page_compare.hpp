// SPDX-License-Identifier: GPL-2.0-or-later
// The inner loop of page_diff, for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/observe/ram_layout.hpp"

namespace quiesce::observe {

/// Which bytes of two equally long pieces differ; bytes == 0: none does.
struct Difference {
  std::uint32_t bytes = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};
Difference difference(std::span<const std::byte> a, std::span<const std::byte> b);

class PageComparer {
 public:
  struct Found {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  explicit PageComparer(std::uint64_t page) : page_(page), seen_(page) {}

  /// Compares the pages of `piece` and copies those that differ from `now` to `then`. Both are
  /// bases that the piece's offsets are counted from.
  void compare(std::byte* then, const std::byte* now, const RamLayout::Extent& piece);
  const std::vector<Found>& found() const { return found_; }

 private:
  void changed(std::byte* then, const std::byte* now, std::uint64_t at, std::uint64_t size);

  std::uint64_t page_;
  std::vector<std::byte> seen_;
  std::vector<Found> found_;
};

}  // namespace quiesce::observe
