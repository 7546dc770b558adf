// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::observe {

/// A picture of a screen. Pixels are 0x00RRGGBB, row by row.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> pixels;
  std::uint32_t at(int x, int y) const {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
};

/// The largest side that the readers accept; a screen is smaller, a hostile file is not believed.
inline constexpr int longest_side = 8192;

/// A PNG of any kind, as QEMU's screendump writes it; transparency is ignored.
Result<Picture> read_png(std::span<const std::byte> file);
/// A binary PPM (P6) of 8 bits, QEMU's other format: no decompression, for sampling often.
Result<Picture> read_ppm(std::span<const std::byte> file);

/// The colour when all pixels have the same; a black screen is 0.
std::optional<std::uint32_t> uniform_colour(const Picture& picture);

/// Equal pictures have equal digests (FNV-1a of size and pixels); for "the same as before". A
/// blinking cursor changes it: where that matters, use cells_that_differ.
std::uint64_t digest(const Picture& picture);

struct CellSize {
  int width = 8;
  int height = 16;
};
/// How many cells of a grid over both pictures differ in any pixel. Pictures of different size
/// differ in all cells of the larger one. A cursor is one cell.
std::size_t cells_that_differ(const Picture& a, const Picture& b, CellSize cell = {});

}  // namespace quiesce::observe
