// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::observe {

/// The rows of a glyph or of a cell, top to bottom; the leftmost pixel of a row is bit width - 1.
using Rows = std::vector<std::uint32_t>;

/// A console font: which character a pattern of pixels is.
class Font {
 public:
  struct Glyph {
    Rows rows;
    char32_t character = 0;
  };

  /// The answer of the agent's "font" (docs/agent-protocol.md). Sizes up to 32 x 64 and 4096
  /// glyphs. Fails with invalid_input that says what is wrong.
  static Result<Font> from_json(const nlohmann::json& answer);

  int width() const { return width_; }
  int height() const { return height_; }

  /// The most plausible character that looks like this: printable ASCII before Latin-1 before the
  /// lowest code point; characters of control and private use last. nullopt: no glyph has this
  /// pattern.
  std::optional<char32_t> look_up(const Rows& rows) const;
  /// Every pattern once.
  const std::vector<Glyph>& glyphs() const { return glyphs_; }

 private:
  Font(int width, int height) : width_(width), height_(height) {}
  int width_;
  int height_;
  std::vector<Glyph> glyphs_;
  std::map<Rows, std::size_t> by_rows_;
};

/// Smaller is more plausible.
std::uint32_t plausibility(char32_t character);

/// Adds a character to UTF-8 text; what is no Unicode scalar value becomes U+FFFD.
void append_utf8(std::string& text, char32_t character);

}  // namespace quiesce::observe
