// SPDX-License-Identifier: GPL-2.0-or-later
// libpng's simplified interface: it keeps its setjmp to itself and gives errors back as text.
#include <png.h>

#include "harness/observe/picture.hpp"

namespace quiesce::observe {

namespace {

/// Frees what libpng holds, on every path.
struct Image {
  png_image raw{};
  Image() { raw.version = PNG_IMAGE_VERSION; }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
  ~Image() { png_image_free(&raw); }
};

}  // namespace

Result<Picture> read_png(std::span<const std::byte> file) {
  Image image;
  if (png_image_begin_read_from_memory(&image.raw, file.data(), file.size()) == 0)
    return fail(Errc::invalid_input, "cannot read the PNG: {}", image.raw.message);
  if (image.raw.width > longest_side || image.raw.height > longest_side)
    return fail(Errc::invalid_input, "a PNG of {} x {} is of no screen", image.raw.width,
                image.raw.height);
  // 24 bits without alpha would need a background to blend with.
  image.raw.format = PNG_FORMAT_RGBA;
  std::vector<png_byte> bytes(PNG_IMAGE_SIZE(image.raw));
  if (png_image_finish_read(&image.raw, nullptr, bytes.data(), 0, nullptr) == 0)
    return fail(Errc::invalid_input, "cannot read the PNG: {}", image.raw.message);
  Picture picture{.width = static_cast<int>(image.raw.width),
                  .height = static_cast<int>(image.raw.height)};
  picture.pixels.reserve(bytes.size() / 4);
  for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4)
    picture.pixels.push_back(static_cast<std::uint32_t>(bytes[at]) << 16 |
                             static_cast<std::uint32_t>(bytes[at + 1]) << 8 | bytes[at + 2]);
  return picture;
}

}  // namespace quiesce::observe
