// SPDX-License-Identifier: GPL-2.0-or-later
// A font that no one has drawn, and pictures of text in it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/text.hpp"
#include "harness/observe/picture.hpp"

namespace quiesce::observe {

/// 256 glyphs of 8 x 16 that all differ but where a test wants it otherwise: glyph g has g and its
/// complement in rows. Glyph 0 and 0x20 are blank. Code point = glyph for ASCII; 0xc4 is a line
/// (U+2500), 0xe1 is Latin-1 (U+00DF).
struct SyntheticFont {
  static constexpr int height = 16;
  std::vector<std::byte> glyphs = std::vector<std::byte>(256 * height);
  nlohmann::json unimap = nlohmann::json::array();

  SyntheticFont() {
    for (unsigned glyph = 1; glyph < 256; ++glyph) {
      if (glyph == 0x20) continue;
      for (unsigned row = 2; row < 12; ++row)
        row_of(glyph, row) = static_cast<std::byte>(pattern(glyph, row));
      if (glyph == 0xc4 || glyph == 0xe1) continue;
      unimap.push_back({glyph < 0x7f && glyph > 0x20 ? glyph : 0x2400 + glyph, glyph});
    }
    unimap.push_back({0x20, 0x20});
    unimap.push_back({0xa0, 0x20});
    unimap.push_back({0x00, 0x00});
    unimap.push_back({0x2500, 0xc4});
    unimap.push_back({0xdf, 0xe1});
    for (unsigned row = 0; row < height; ++row)
      row_of(0xc4, row) = row == 8 ? std::byte{0xff} : std::byte{0};
  }

  static unsigned pattern(unsigned glyph, unsigned row) {
    if (row == 2) return glyph;
    return row == 11 ? ~glyph & 0x7e : (glyph * 37 + row * 11) & 0x7e;
  }
  std::byte& row_of(unsigned glyph, unsigned row) { return glyphs[glyph * height + row]; }

  nlohmann::json json() const {
    return {{"op", "font"},     {"guest", 1.0}, {"width", 8},
            {"height", height}, {"count", 256}, {"glyphs", to_base64(glyphs)},
            {"unimap", unimap}};
  }
};

/// A screen to draw on.
struct Canvas {
  SyntheticFont font;
  int cell_width = 8;  ///< 9 in VGA text mode
  Picture picture;

  Canvas(int columns, int rows, int width = 8, std::uint32_t background = 0) : cell_width(width) {
    picture = {.width = columns * width, .height = rows * SyntheticFont::height};
    picture.pixels.assign(
        static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height),
        background);
  }
  std::uint32_t& pixel(int x, int y) {
    return picture.pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                          static_cast<std::size_t>(x)];
  }
  void glyph(int column, int row, unsigned number, std::uint32_t ink = 0xaaaaaa,
             std::uint32_t paper = 0) {
    for (int y = 0; y < SyntheticFont::height; ++y) {
      const auto bits = std::to_integer<unsigned>(font.row_of(number, static_cast<unsigned>(y)));
      for (int x = 0; x < cell_width; ++x) {
        const bool ninth = number >= 0xc0 && number < 0xe0 && (bits & 1) != 0;
        const bool set = x < 8 ? (bits >> (7 - x) & 1) != 0 : ninth;
        pixel(column * cell_width + x, row * SyntheticFont::height + y) = set ? ink : paper;
      }
    }
  }
  void text(int column, int row, const std::string& line, std::uint32_t ink = 0xaaaaaa,
            std::uint32_t paper = 0) {
    for (const char c : line) glyph(column++, row, static_cast<unsigned char>(c), ink, paper);
  }
};

}  // namespace quiesce::observe
