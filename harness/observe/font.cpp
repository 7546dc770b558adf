// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/font.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "harness/base/text.hpp"
#include "harness/record/font.hpp"

namespace quiesce::observe {

namespace {

using GlyphOf = std::pair<char32_t, std::size_t>;  // code point, glyph

/// A number that is not negative: parsed ones are unsigned, those put in by a program are signed.
std::optional<std::uint64_t> as_unsigned(const nlohmann::json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer() && value.get<std::int64_t>() >= 0)
    return value.get<std::uint64_t>();
  return std::nullopt;
}

Result<std::uint64_t> in_range(const std::optional<std::uint64_t>& value, const char* field,
                               std::uint64_t least, std::uint64_t most) {
  if (!value) return fail(Errc::invalid_input, "the font has no number \"{}\"", field);
  if (*value < least || *value > most)
    return fail(Errc::invalid_input, "the font's {} is {}; {} to {} are accepted", field, *value,
                least, most);
  return *value;
}

Rows rows_of(std::span<const std::byte> glyph, int width, int height) {
  const auto row_bytes = static_cast<std::size_t>((width + 7) / 8);
  Rows rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    std::uint64_t row = 0;
    for (std::size_t i = 0; i < row_bytes; ++i)
      row = row << 8 | std::to_integer<std::uint64_t>(glyph[y * row_bytes + i]);
    rows[y] = static_cast<std::uint32_t>(row >> (row_bytes * 8 - static_cast<std::size_t>(width)));
  }
  return rows;
}

/// The pairs that make sense. A kernel without a table (or an agent that could not read it) leaves
/// the printable part of ASCII, which all console fonts have in its place.
std::vector<GlyphOf> mappings(const nlohmann::json& pairs, std::size_t count) {
  std::vector<GlyphOf> list;
  if (pairs.is_array())
    for (const auto& pair : pairs) {
      if (!pair.is_array() || pair.size() != 2) continue;
      const auto code = as_unsigned(pair[0]);
      const auto glyph = as_unsigned(pair[1]);
      if (code && glyph && *code <= 0x10ffff && *glyph < count)
        list.emplace_back(static_cast<char32_t>(*code), *glyph);
    }
  if (list.empty())
    for (std::size_t glyph = 0x20; glyph < std::min<std::size_t>(count, 0x7f); ++glyph)
      list.emplace_back(static_cast<char32_t>(glyph), glyph);
  return list;
}

}  // namespace

Result<Font> Font::from_json(const nlohmann::json& answer) {
  if (!answer.is_object()) return fail(Errc::invalid_input, "the font is no JSON object");
  const auto told = record::read<record::answer::Font>(answer);
  TRY_ASSIGN(const auto width, in_range(told.width, "width", 1, 32));
  TRY_ASSIGN(const auto height, in_range(told.height, "height", 1, 64));
  TRY_ASSIGN(const auto count, in_range(told.count, "count", 1, 4096));
  if (!told.glyphs) return fail(Errc::invalid_input, "the font has no text \"glyphs\"");
  TRY_ASSIGN(const auto bytes, from_base64(*told.glyphs));
  const std::size_t glyph_bytes = height * ((width + 7) / 8);
  if (bytes.size() < count * glyph_bytes)
    return fail(Errc::invalid_input, "the font has {} bytes of glyphs instead of {}", bytes.size(),
                count * glyph_bytes);

  Font font(static_cast<int>(width), static_cast<int>(height));
  for (const auto& [character, glyph] : mappings(told.unimap, count)) {
    Rows rows = rows_of(std::span(bytes).subspan(glyph * glyph_bytes, glyph_bytes), font.width_,
                        font.height_);
    const auto [at, fresh] = font.by_rows_.try_emplace(std::move(rows), font.glyphs_.size());
    if (fresh) font.glyphs_.push_back({.rows = at->first, .character = character});
    auto& known = font.glyphs_[at->second].character;
    if (plausibility(character) < plausibility(known)) known = character;
  }
  return font;
}

std::optional<char32_t> Font::look_up(const Rows& rows) const {
  const auto at = by_rows_.find(rows);
  if (at == by_rows_.end()) return std::nullopt;
  return glyphs_[at->second].character;
}

std::uint32_t plausibility(char32_t character) {
  const auto code = static_cast<std::uint32_t>(character);
  constexpr std::uint32_t group = 0x200000;  // larger than any code point
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool private_use = (code >= 0xe000 && code < 0xf900) || code >= 0xf0000;
  if (control || private_use || code == 0xfffd) return 3 * group + code;
  if (code < 0x7f) return code;
  return code < 0x100 ? group + code : 2 * group + code;
}

void append_utf8(std::string& text, char32_t character) {
  auto code = static_cast<std::uint32_t>(character);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace quiesce::observe
