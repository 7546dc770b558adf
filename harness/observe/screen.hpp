// SPDX-License-Identifier: GPL-2.0-or-later
// A picture of a console turned back into its text.
#pragma once

#include <string>
#include <vector>

#include "harness/observe/font.hpp"
#include "harness/observe/picture.hpp"

namespace quiesce::observe {

struct ScreenText {
  int columns = 0;
  int rows = 0;
  std::vector<std::string> lines;  ///< UTF-8, one a row, not trimmed; U+FFFD where no glyph fits
  std::size_t unknown = 0;         ///< how many such cells there are
};

/// Cells are as large as the font's glyphs; in VGA text mode (720 pixels wide with a font of 8)
/// they are one wider, and the ninth column, which repeats the eighth for line-drawing characters
/// and is background for others, is not looked at. Of a cell's two colours the one that is more
/// frequent on the whole screen counts as background first, then the other (reverse video). A cell
/// of one colour is a blank. One cell with a cursor (a run of at most a quarter of the rows filled
/// or inverted) is read through it. Pictures smaller than one cell give no lines.
ScreenText read_screen(const Picture& picture, const Font& font);

/// The lines with a newline after each: screen/NAME.txt.
std::string to_text(const ScreenText& screen);

}  // namespace quiesce::observe
