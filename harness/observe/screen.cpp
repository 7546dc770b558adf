// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/screen.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace quiesce::observe {

namespace {

constexpr char32_t unknown_character = 0xfffd;

/// What a cell shows: its pattern, where one colour is 0 and the other 1.
struct Cell {
  enum class Kind { blank, two_colours, picture } kind = Kind::blank;
  Rows rows;
};

struct Grid {
  const Picture& picture;
  const Font& font;
  int cell_width;
  std::uint32_t background;

  int columns() const { return picture.width / cell_width; }
  int rows() const { return picture.height / font.height(); }
};

/// The colour of most pixels.
std::uint32_t commonest_colour(const Picture& picture) {
  std::unordered_map<std::uint32_t, std::size_t> counts;
  for (std::size_t at = 0; at < picture.pixels.size();) {
    const std::uint32_t colour = picture.pixels[at];
    std::size_t run = 1;
    while (at + run < picture.pixels.size() && picture.pixels[at + run] == colour) ++run;
    // A photograph would fill the table; a console has a handful of colours.
    if (counts.size() < 256 || counts.contains(colour)) counts[colour] += run;
    at += run;
  }
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return most != counts.end() ? most->first : 0;
}

void invert(Rows& rows, int width) {
  const auto all = static_cast<std::uint32_t>((1ULL << width) - 1);
  for (auto& row : rows) row = ~row & all;
}

/// Reads the cell into `cell` (whose memory is used again). 0 is the screen's background where the
/// cell has it.
void read_cell(const Grid& grid, int column, int row, Cell& cell) {
  const int left = column * grid.cell_width;
  const int top = row * grid.font.height();
  const std::uint32_t zero = grid.picture.at(left, top);
  std::optional<std::uint32_t> one;
  cell.rows.assign(static_cast<std::size_t>(grid.font.height()), 0);
  for (int y = 0; y < grid.font.height(); ++y) {
    std::uint32_t bits = 0;
    for (int x = 0; x < grid.cell_width; ++x) {
      const std::uint32_t colour = grid.picture.at(left + x, top + y);
      if (colour != zero && !one) one = colour;
      if (colour != zero && colour != *one) {
        cell.kind = Cell::Kind::picture;
        return;
      }
      if (x < grid.font.width()) bits = bits << 1 | (colour != zero ? 1U : 0U);
    }
    cell.rows[static_cast<std::size_t>(y)] = bits;
  }
  cell.kind = one ? Cell::Kind::two_colours : Cell::Kind::blank;
  if (one == grid.background) invert(cell.rows, grid.font.width());
}

/// The better reading when both a pattern and its inverse are glyphs; the first wins where they are
/// alike.
std::optional<char32_t> look_up_both_ways(const Font& font, Rows& rows) {
  const auto plain = font.look_up(rows);
  if (plain && *plain < 0x7f) return plain;
  invert(rows, font.width());
  const auto reverse = font.look_up(rows);
  invert(rows, font.width());
  if (!plain || (reverse && *reverse < 0x7f)) return reverse;
  return plain;
}

/// Rows that a cursor covers when this glyph is below it, or nullopt when something else differs.
std::optional<int> cursor_rows(const Rows& cell, const Rows& glyph, std::uint32_t all) {
  int first = -1;
  int last = -1;
  bool filled = true;
  bool inverted = true;
  for (std::size_t y = 0; y < cell.size(); ++y) {
    if (cell[y] == glyph[y]) continue;
    if (first < 0) first = static_cast<int>(y);
    last = static_cast<int>(y);
    filled = filled && cell[y] == all;
    inverted = inverted && cell[y] == (~glyph[y] & all);
  }
  const int most = std::max(1, static_cast<int>(cell.size()) / 4);
  if (first < 0 || !(filled || inverted) || last - first + 1 > most) return std::nullopt;
  return last - first + 1;
}

std::optional<char32_t> below_cursor(const Font& font, const Rows& cell) {
  const auto all = static_cast<std::uint32_t>((1ULL << font.width()) - 1);
  std::optional<char32_t> best;
  int fewest = 0;
  for (const auto& glyph : font.glyphs()) {
    const auto covered = cursor_rows(cell, glyph.rows, all);
    if (!covered) continue;
    if (glyph.character == U' ') return U' ';  // where a cursor mostly stands
    if (!best || *covered < fewest) {
      best = glyph.character;
      fewest = *covered;
    }
  }
  return best;
}

using Line = std::vector<char32_t>;

/// Fills in the one cell that a cursor explains; more than one such cell is no cursor.
void see_through_cursor(const Grid& grid, std::vector<Line>& lines) {
  Cell cell;
  char32_t* place = nullptr;
  char32_t character = unknown_character;
  for (int row = 0; row < grid.rows(); ++row)
    for (int column = 0; column < grid.columns(); ++column) {
      char32_t& here = lines[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
      if (here != unknown_character) continue;
      read_cell(grid, column, row, cell);
      const auto found =
          cell.kind == Cell::Kind::two_colours ? below_cursor(grid.font, cell.rows) : std::nullopt;
      if (!found) continue;
      if (place != nullptr) return;
      place = &here;
      character = *found;
    }
  if (place != nullptr) *place = character;
}

std::vector<Line> read_cells(const Grid& grid) {
  std::vector<Line> lines;
  Cell cell;
  for (int row = 0; row < grid.rows(); ++row) {
    Line line;
    for (int column = 0; column < grid.columns(); ++column) {
      read_cell(grid, column, row, cell);
      char32_t character = unknown_character;
      if (cell.kind == Cell::Kind::blank) character = U' ';
      if (cell.kind == Cell::Kind::two_colours)
        character = look_up_both_ways(grid.font, cell.rows).value_or(unknown_character);
      line.push_back(character);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::size_t count_unknown(const std::vector<Line>& lines) {
  std::size_t count = 0;
  for (const auto& line : lines)
    count += static_cast<std::size_t>(std::ranges::count(line, unknown_character));
  return count;
}

ScreenText read_grid(const Grid& grid) {
  // A screen of pictures has no cursor to find, and the search looks at every glyph.
  constexpr std::size_t most_unknown = 256;
  auto lines = read_cells(grid);
  if (count_unknown(lines) <= most_unknown) see_through_cursor(grid, lines);
  ScreenText screen{
      .columns = grid.columns(), .rows = grid.rows(), .unknown = count_unknown(lines)};
  for (const auto& line : lines) {
    auto& text = screen.lines.emplace_back();
    for (const char32_t character : line) append_utf8(text, character);
  }
  return screen;
}

}  // namespace

ScreenText read_screen(const Picture& picture, const Font& font) {
  if (picture.width < font.width() || picture.height < font.height()) return {};
  const std::uint32_t background = commonest_colour(picture);
  const Grid plain{picture, font, font.width(), background};
  if (picture.width != 720 || font.width() != 8) return read_grid(plain);
  // VGA text, or a framebuffer that happens to be as wide.
  auto wide = read_grid({picture, font, font.width() + 1, background});
  if (wide.unknown == 0) return wide;
  auto narrow = read_grid(plain);
  const auto share = [](const ScreenText& screen) {
    return static_cast<double>(screen.unknown) / (screen.columns * screen.rows);
  };
  return share(narrow) < share(wide) ? narrow : wide;
}

std::string to_text(const ScreenText& screen) {
  std::string text;
  for (const auto& line : screen.lines) text += line + "\n";
  return text;
}

}  // namespace quiesce::observe
