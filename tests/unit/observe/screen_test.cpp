// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/screen.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "tests/unit/observe/synthetic_font.hpp"

BOOST_AUTO_TEST_SUITE(observe_screen)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

Font font_of(const Canvas& canvas) {
  return Font::from_json(canvas.font.json()).value();
}
ScreenText read(const Canvas& canvas) {
  return read_screen(canvas.picture, font_of(canvas));
}
std::string padded(std::string text, std::size_t columns) {
  text.resize(columns, ' ');
  return text;
}

const std::string all_ascii =
    " !\"#$%&'()*+,-./"
    "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// A file of tests/golden/screen.
std::string golden(const std::string& name) {
  return read_file(std::string(QUIESCE_SOURCE_ROOT) + "/tests/golden/screen/" + name).value();
}
Picture golden_png(const std::string& name) {
  const auto file = golden(name);
  return read_png({reinterpret_cast<const std::byte*>(file.data()), file.size()}).value();
}

/// A font of the patterns that the characters of `text` have in `picture`.
nlohmann::json font_seen(const Picture& picture, const std::vector<std::string>& lines) {
  std::vector<std::byte> glyphs(96 * 16);
  nlohmann::json unimap = {{0x20, 0}};
  for (std::size_t row = 0; row < lines.size(); ++row)
    for (std::size_t column = 0; column < lines[row].size(); ++column) {
      const auto glyph = static_cast<unsigned>(lines[row][column]) - 0x20;
      if (glyph == 0) continue;
      unimap.push_back({glyph + 0x20, glyph});
      for (std::size_t y = 0; y < 16; ++y) {
        unsigned bits = 0;
        for (std::size_t x = 0; x < 8; ++x)
          bits = bits << 1 | (picture.pixels[(row * 16 + y) * 720 + column * 9 + x] != 0 ? 1U : 0U);
        glyphs[glyph * 16 + y] = static_cast<std::byte>(bits);
      }
    }
  return {{"width", 8},
          {"height", 16},
          {"count", 96},
          {"glyphs", to_base64(glyphs)},
          {"unimap", unimap}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_framebuffer_is_read_to_the_letter) {
  Canvas canvas(100, 5);
  canvas.text(0, 1, all_ascii);
  canvas.text(3, 4, "red on blue", 0xff0000, 0x0000ff);
  const auto screen = read(canvas);
  BOOST_TEST(screen.columns == 100);
  BOOST_TEST(screen.rows == 5);
  BOOST_TEST(screen.unknown == 0U);
  BOOST_TEST(screen.lines[0] == std::string(100, ' '));
  BOOST_TEST(screen.lines[1] == padded(all_ascii, 100));
  BOOST_TEST(screen.lines[4] == padded("   red on blue", 100));
}

BOOST_AUTO_TEST_CASE(vga_text_mode_has_cells_of_nine_pixels) {
  Canvas canvas(80, 25, 9);
  canvas.text(0, 0, "Kernel panic - not syncing");
  for (int column = 0; column < 80; ++column) canvas.glyph(column, 2, 0xc4);
  const auto screen = read(canvas);
  BOOST_TEST(screen.columns == 80);
  BOOST_TEST(screen.rows == 25);
  BOOST_TEST(screen.unknown == 0U);
  BOOST_TEST(screen.lines[0] == padded("Kernel panic - not syncing", 80));
  BOOST_TEST(screen.lines[2].substr(0, 6) == "\u2500\u2500");
}

BOOST_AUTO_TEST_CASE(a_framebuffer_of_720_pixels_is_read_with_cells_of_eight) {
  Canvas canvas(90, 36);
  for (int row = 0; row < 36; ++row) canvas.text(0, row, all_ascii.substr(0, 90));
  const auto screen = read(canvas);
  BOOST_TEST(screen.columns == 90);
  BOOST_TEST(screen.lines[35] == all_ascii.substr(0, 90));
}

BOOST_AUTO_TEST_CASE(reverse_video_is_read) {
  Canvas canvas(40, 4);
  canvas.text(0, 0, "reversed", 0x000000, 0xaaaaaa);
  BOOST_TEST(read(canvas).lines[0] == padded("reversed", 40));
}

BOOST_AUTO_TEST_CASE(dark_text_on_a_light_screen_is_read) {
  Canvas canvas(40, 4, 8, 0xffffff);
  canvas.text(0, 0, "dark on light", 0x000000, 0xffffff);
  BOOST_TEST(read(canvas).lines[0] == padded("dark on light", 40));
}

BOOST_AUTO_TEST_CASE(a_glyph_and_its_inverse_are_told_apart_by_the_background) {
  Canvas canvas(40, 4);
  for (unsigned row = 0; row < 16; ++row) {
    canvas.font.row_of(0xdc, row) = row < 8 ? std::byte{0} : std::byte{0xff};
    canvas.font.row_of(0xdf, row) = row < 8 ? std::byte{0xff} : std::byte{0};
  }
  canvas.font.unimap.push_back({0x2584, 0xdc});
  canvas.font.unimap.push_back({0x2580, 0xdf});
  canvas.glyph(0, 0, 0xdc);
  canvas.glyph(1, 0, 0xdf);
  const auto line = read(canvas).lines[0];
  BOOST_TEST(line.substr(0, 3) == read(canvas).lines[0].substr(0, 3));
  BOOST_TEST(line.substr(0, 3) != line.substr(3, 3));
}

BOOST_AUTO_TEST_CASE(pictures_and_unknown_patterns_become_replacement_characters) {
  Canvas canvas(10, 2);
  for (int y = 0; y < 16; ++y)
    for (int x = 0; x < 8; ++x) {
      canvas.pixel(x, y) = static_cast<std::uint32_t>(x * 1000 + y);  // a logo
      canvas.pixel(16 + x, y) = (x + y) % 2 != 0 ? 0xaaaaaa : 0;      // two colours, no glyph
    }
  const auto screen = read(canvas);
  BOOST_TEST(screen.unknown == 2U);
  BOOST_TEST(screen.lines[0] == "\ufffd \ufffd" + std::string(7, ' '));
}

BOOST_AUTO_TEST_CASE(one_cursor_is_seen_through) {
  for (const bool inverted : {false, true}) {
    Canvas canvas(20, 2);
    canvas.text(0, 0, "login:");
    for (int y = 14; y < 16; ++y)
      for (int x = 0; x < 8; ++x) {
        auto& pixel = canvas.pixel(6 * 8 + x, y);
        pixel = inverted && pixel != 0 ? 0 : 0xaaaaaa;
      }
    const auto screen = read(canvas);
    BOOST_TEST(screen.unknown == 0U);
    BOOST_TEST(screen.lines[0] == padded("login:", 20));
  }
}

BOOST_AUTO_TEST_CASE(a_cursor_on_a_letter_leaves_the_letter) {
  Canvas canvas(20, 2);
  canvas.text(0, 0, "word");
  for (int x = 0; x < 8; ++x) canvas.pixel(8 + x, 13) = 0xaaaaaa;
  BOOST_TEST(read(canvas).lines[0] == padded("word", 20));
}

BOOST_AUTO_TEST_CASE(two_cursors_are_none) {
  Canvas canvas(20, 2);
  for (const int column : {2, 5})
    for (int x = 0; x < 8; ++x) canvas.pixel(column * 8 + x, 15) = 0xaaaaaa;
  BOOST_TEST(read(canvas).unknown == 2U);
}

BOOST_AUTO_TEST_CASE(no_cursor_is_looked_for_among_pictures) {
  Canvas canvas(40, 20);
  for (int y = 0; y < 16 * 16; ++y)
    for (int x = 0; x < 320; ++x) canvas.pixel(x, y) = (x + y) % 2 != 0 ? 0xaaaaaa : 0;
  for (int x = 0; x < 8; ++x) canvas.pixel(x, 19 * 16 + 15) = 0xaaaaaa;
  BOOST_TEST(read(canvas).unknown == 16U * 40 + 1);
}

BOOST_AUTO_TEST_CASE(glyphs_that_look_alike_give_the_most_plausible_character) {
  SyntheticFont font;
  font.unimap =
      nlohmann::json::array({{0xf041, 65}, {0x391, 65}, {0xc0, 65}, {0x41, 65}, {0x410, 65}});
  font.unimap.push_back({0x2000, 66});
  font.unimap.push_back({0xb5, 66});
  font.unimap.push_back({1, 66});
  const auto made = Font::from_json(font.json());
  BOOST_REQUIRE(made);
  BOOST_REQUIRE(made->glyphs().size() == 2U);
  BOOST_TEST((made->glyphs()[0].character == U'A'));
  BOOST_TEST((made->glyphs()[1].character == char32_t{0xb5}));
}

BOOST_AUTO_TEST_CASE(without_a_table_the_font_is_taken_for_ascii) {
  Canvas canvas(10, 1);
  canvas.font.unimap = nlohmann::json::array();
  canvas.text(0, 0, "abc");
  BOOST_TEST(read(canvas).lines[0] == padded("abc", 10));
}

BOOST_AUTO_TEST_CASE(a_wide_font_is_read) {
  nlohmann::json json{{"width", 12}, {"height", 2}, {"count", 1}, {"unimap", {{0x41, 0}}}};
  const std::vector<std::byte> glyph{std::byte{0x80}, std::byte{0x10}, std::byte{0x0f},
                                     std::byte{0xf0}};
  json["glyphs"] = to_base64(glyph);
  const auto font = Font::from_json(json);
  BOOST_REQUIRE(font);
  BOOST_TEST((font->look_up({0x801, 0x0ff}) == U'A'));
}

BOOST_AUTO_TEST_CASE(damaged_fonts_are_refused_without_harm) {
  const auto good = SyntheticFont().json();
  for (const auto& [field, value] :
       std::vector<std::pair<std::string, nlohmann::json>>{{"width", 0},
                                                           {"width", 33},
                                                           {"width", "8"},
                                                           {"width", -8},
                                                           {"height", 65},
                                                           {"height", nullptr},
                                                           {"count", 0},
                                                           {"count", 100000},
                                                           {"count", 257},
                                                           {"glyphs", 7},
                                                           {"glyphs", "AA"},
                                                           {"glyphs", "*"}}) {
    auto bad = good;
    bad[field] = value;
    BOOST_TEST(!Font::from_json(bad).has_value(), field << " " << value.dump());
  }
  BOOST_TEST(!Font::from_json(nlohmann::json::array()).has_value());
  BOOST_TEST(!Font::from_json({{"error", {{"code", "unsupported"}}}}).has_value());
  auto odd = good;
  odd["unimap"] = {{1}, "x", {0x110000, 1}, {0x41, 256}, {-1, 2}, {0x42, 66}};
  BOOST_TEST(Font::from_json(odd)->glyphs().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_picture_smaller_than_a_cell_has_no_lines) {
  const auto font = Font::from_json(SyntheticFont().json()).value();
  BOOST_TEST(
      read_screen({.width = 7, .height = 16, .pixels = std::vector<std::uint32_t>(112)}, font)
          .lines.empty());
  BOOST_TEST(read_screen({}, font).lines.empty());
}

BOOST_AUTO_TEST_CASE(a_large_screen_is_read_whole) {
  Canvas canvas(160, 50);
  for (int row = 0; row < 50; ++row) canvas.text(0, row, all_ascii);
  const auto screen = read(canvas);
  BOOST_TEST(screen.unknown == 0U);
  BOOST_TEST(to_text(screen).size() == 50U * 161);
}

BOOST_AUTO_TEST_CASE(a_stored_picture_of_text_mode_is_read) {
  const auto font = Font::from_json(SyntheticFont().json()).value();
  BOOST_TEST(to_text(read_screen(golden_png("text-mode.png"), font)) == golden("text-mode.txt"));
}

// QEMU 7.2's screendump of a stock 6.1 kernel's panic. The font is not at hand, so it is learned
// from the picture: were the grid off by a pixel, one character would have several patterns.
BOOST_AUTO_TEST_CASE(a_real_panic_screen_has_one_pattern_for_each_character) {
  const auto picture = golden_png("panic.png");
  BOOST_TEST(digest(picture) == 0xa9b4ab72a22f4dd5U);
  const std::string text = golden("panic.txt");
  const auto font = Font::from_json(font_seen(picture, split(text, '\n'))).value();
  BOOST_TEST(to_text(read_screen(picture, font)) == text);
}

BOOST_AUTO_TEST_CASE(characters_become_utf8) {
  std::string text;
  for (const char32_t c : {U'A', char32_t{0xe9}, char32_t{0x2500}, char32_t{0x1f600},
                           char32_t{0xd800}, char32_t{0x110000}})
    append_utf8(text, c);
  BOOST_TEST(text == "A\u00e9\u2500\U0001f600\ufffd\ufffd");
}

BOOST_AUTO_TEST_SUITE_END()
