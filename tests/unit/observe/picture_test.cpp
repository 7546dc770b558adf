// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/picture.hpp"

#include <png.h>

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

BOOST_AUTO_TEST_SUITE(observe_picture)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

std::vector<std::byte> png_of(const Picture& picture, png_uint_32 format = PNG_FORMAT_RGB) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = format;
  std::vector<png_byte> rows;
  for (const auto pixel : picture.pixels) {
    rows.push_back(static_cast<png_byte>(pixel >> 16 & 0xff));
    rows.push_back(static_cast<png_byte>(pixel >> 8 & 0xff));
    rows.push_back(static_cast<png_byte>(pixel & 0xff));
    if (format == PNG_FORMAT_RGBA) rows.push_back(0x80);
  }
  png_alloc_size_t length = 0;
  BOOST_REQUIRE(png_image_write_to_memory(&image, nullptr, &length, 0, rows.data(), 0, nullptr) !=
                0);
  std::vector<std::byte> file(length);
  BOOST_REQUIRE(
      png_image_write_to_memory(&image, file.data(), &length, 0, rows.data(), 0, nullptr) != 0);
  file.resize(length);
  return file;
}

Picture sample(int width = 32, int height = 20) {
  Picture picture{.width = width, .height = height};
  for (int i = 0; i < width * height; ++i)
    picture.pixels.push_back(static_cast<std::uint32_t>(i * 2654435761U) & 0xffffff);
  return picture;
}

std::span<const std::byte> bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_png_gives_back_its_pixels) {
  const auto picture = read_png(png_of(sample()));
  BOOST_REQUIRE(picture);
  BOOST_TEST(picture->width == 32);
  BOOST_TEST((picture->pixels == sample().pixels));
}

BOOST_AUTO_TEST_CASE(transparency_of_a_png_is_ignored) {
  BOOST_TEST((read_png(png_of(sample(), PNG_FORMAT_RGBA))->pixels == sample().pixels));
}

BOOST_AUTO_TEST_CASE(a_png_that_is_cut_off_anywhere_does_no_harm) {
  const auto file = png_of(sample());
  for (std::size_t length = 0; length < file.size(); ++length) {
    const auto picture = read_png(std::span(file).first(length));
    // The trailer may be missing: all pixels are there.
    if (picture) BOOST_TEST((picture->pixels == sample().pixels));
  }
}

BOOST_AUTO_TEST_CASE(a_png_with_any_byte_wrong_does_no_harm) {
  const auto good = png_of(sample());
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    auto file = good;
    file[random() % file.size()] = static_cast<std::byte>(random());
    const auto picture = read_png(file);
    if (picture)
      BOOST_TEST(picture->pixels.size() ==
                 static_cast<std::size_t>(picture->width * picture->height));
  }
}

BOOST_AUTO_TEST_CASE(a_png_of_absurd_size_is_refused_before_memory_is_taken) {
  const auto file =
      png_of({.width = 9000, .height = 1, .pixels = std::vector<std::uint32_t>(9000)});
  const auto picture = read_png(file);
  BOOST_REQUIRE(!picture);
  BOOST_TEST(picture.error().message() == "a PNG of 9000 x 1 is of no screen");
}

BOOST_AUTO_TEST_CASE(a_ppm_gives_back_its_pixels) {
  const auto picture =
      read_ppm(bytes(std::string("P6\n# a comment\n2 1\n255\n\x01\x02\x03\x04\x05\x06", 30)));
  BOOST_REQUIRE(picture);
  BOOST_TEST((picture->pixels == std::vector<std::uint32_t>{0x010203, 0x040506}));
}

BOOST_AUTO_TEST_CASE(damaged_ppms_are_refused) {
  for (const std::string text :
       {"", "P5 1 1 255 abc", "P6", "P6 1 1 255", "P6 1 1 255\nab", "P6 0 1 255\n", "P6 -1 1 255\n",
        "P6 99999 1 255\n", "P6 1 1 65535\nabcdef", "P6 # no end", "P6 1 x 255\nabc"})
    BOOST_TEST(!read_ppm(bytes(text)).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_uniform_picture_is_recognised) {
  Picture picture{.width = 4, .height = 4, .pixels = std::vector<std::uint32_t>(16, 0x123456)};
  BOOST_TEST(uniform_colour(picture).value() == 0x123456U);
  picture.pixels[15] = 0;
  BOOST_TEST(!uniform_colour(picture).has_value());
  BOOST_TEST(!uniform_colour({}).has_value());
}

BOOST_AUTO_TEST_CASE(the_digest_tells_pixels_and_shape_apart) {
  auto other = sample();
  BOOST_TEST(digest(sample()) == digest(other));
  other.pixels[100] ^= 1;
  BOOST_TEST(digest(sample()) != digest(other));
  auto turned = sample();
  std::swap(turned.width, turned.height);
  BOOST_TEST(digest(sample()) != digest(turned));
}

BOOST_AUTO_TEST_CASE(a_blinking_cursor_is_one_cell_of_difference) {
  const auto picture = sample(80, 64);
  auto other = picture;
  BOOST_TEST(cells_that_differ(picture, other) == 0U);
  for (std::size_t x = 8; x < 16; ++x) other.pixels[14 * 80 + x] ^= 0xffffff;
  BOOST_TEST(cells_that_differ(picture, other) == 1U);
  other.pixels.back() ^= 1;
  BOOST_TEST(cells_that_differ(picture, other) == 2U);
}

BOOST_AUTO_TEST_CASE(pictures_of_different_size_differ_everywhere) {
  BOOST_TEST(cells_that_differ(sample(80, 64), sample(81, 64)) == 11U * 4);
}

BOOST_AUTO_TEST_SUITE_END()
