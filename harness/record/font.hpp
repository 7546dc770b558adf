// SPDX-License-Identifier: GPL-2.0-or-later
// The console font as the agent gives it; also screen/font-ROLE.json.
#pragma once

#include "harness/record/fields.hpp"

namespace quiesce::record::answer {

struct Font {
  static constexpr const char* kind = "response";
  static constexpr const char* name = "font";
  std::optional<std::uint64_t> width, height, count;
  std::optional<std::string> glyphs;
  Json unimap;
  static Rows fields() {
    return table(field("width", &Font::width, "pixels", "of a glyph"),
                 field("height", &Font::height, "pixels", "of a glyph"),
                 field("count", &Font::count, "", "of glyphs"),
                 field("glyphs", &Font::glyphs, "",
                       "base64; `height` rows of ceil(`width` / 8) bytes a glyph"),
                 maybe("unimap", &Font::unimap, "", "list of `[code point, glyph]`"));
  }
};

}  // namespace quiesce::record::answer
