// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/picture.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace quiesce::observe {

namespace {

/// One number of a PPM header, after blanks and comments; nullopt at anything else.
std::optional<int> header_number(std::string_view& text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && (blank(text[0]) || text[0] == '#')) {
    const std::size_t end = text[0] == '#' ? text.find('\n') : 0;
    if (end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool is_side(std::optional<int> number) {
  return number && *number > 0 && *number <= longest_side;
}

std::size_t grid_cells(const Picture& picture, CellSize cell) {
  const auto along = [](int pixels, int size) {
    return static_cast<std::size_t>((pixels + size - 1) / size);
  };
  return along(picture.width, cell.width) * along(picture.height, cell.height);
}

bool cell_differs(const Picture& a, const Picture& b, int left, int top, CellSize cell) {
  const int right = std::min(a.width, left + cell.width);
  const int bottom = std::min(a.height, top + cell.height);
  for (int y = top; y < bottom; ++y)
    for (int x = left; x < right; ++x)
      if (a.at(x, y) != b.at(x, y)) return true;
  return false;
}

}  // namespace

Result<Picture> read_ppm(std::span<const std::byte> file) {
  std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with("P6")) return fail(Errc::invalid_input, "this is no binary PPM");
  text.remove_prefix(2);
  const auto width = header_number(text);
  const auto height = header_number(text);
  const auto most = header_number(text);
  if (!is_side(width) || !is_side(height) || most != 255 || text.empty())
    return fail(Errc::invalid_input, "the PPM's header is damaged or of no screen");
  text.remove_prefix(1);
  const std::size_t count = static_cast<std::size_t>(*width) * static_cast<std::size_t>(*height);
  if (text.size() < count * 3)
    return fail(Errc::invalid_input, "the PPM has {} bytes of pixels instead of {}", text.size(),
                count * 3);
  Picture picture{.width = *width, .height = *height, .pixels = std::vector<std::uint32_t>(count)};
  const auto* byte = reinterpret_cast<const unsigned char*>(text.data());
  for (auto& pixel : picture.pixels) {
    pixel = static_cast<std::uint32_t>(byte[0]) << 16 | static_cast<std::uint32_t>(byte[1]) << 8 |
            byte[2];
    byte += 3;
  }
  return picture;
}

std::optional<std::uint32_t> uniform_colour(const Picture& picture) {
  if (picture.pixels.empty()) return std::nullopt;
  const std::uint32_t first = picture.pixels.front();
  const bool same =
      std::ranges::all_of(picture.pixels, [&](std::uint32_t pixel) { return pixel == first; });
  return same ? std::optional(first) : std::nullopt;
}

std::uint64_t digest(const Picture& picture) {
  constexpr std::uint64_t prime = 0x100000001b3;
  std::uint64_t value = 0xcbf29ce484222325;
  const auto add = [&](std::uint64_t word) { value = (value ^ word) * prime; };
  add(static_cast<std::uint64_t>(picture.width));
  add(static_cast<std::uint64_t>(picture.height));
  for (const std::uint32_t pixel : picture.pixels) add(pixel);
  return value;
}

std::size_t cells_that_differ(const Picture& a, const Picture& b, CellSize cell) {
  if (cell.width < 1 || cell.height < 1) return 0;
  if (a.width != b.width || a.height != b.height)
    return std::max(grid_cells(a, cell), grid_cells(b, cell));
  std::size_t count = 0;
  for (int top = 0; top < a.height; top += cell.height)
    for (int left = 0; left < a.width; left += cell.width)
      if (cell_differs(a, b, left, top, cell)) ++count;
  return count;
}

}  // namespace quiesce::observe
