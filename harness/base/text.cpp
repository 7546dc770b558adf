// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/text.hpp"

#include <utf8cpp/utf8.h>
#include <zlib.h>

#include <algorithm>
#include <array>

namespace quiesce {

namespace {

/// Bytes of the escape sequence (ECMA-48) at the start of `bytes`, which begins with ESC.
std::size_t escape_length(std::string_view bytes) {
  const auto in = [&](std::size_t at, unsigned char first, unsigned char last) {
    const auto byte = at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    return byte >= first && byte <= last;
  };
  std::size_t at = 1;
  // A string (DCS, SOS, OSC, PM, APC: a window's title) goes up to BEL or ESC \.
  if (in(1, 'P', 'P') || in(1, 'X', 'X') || in(1, ']', '_')) {
    while (++at < bytes.size())
      if (bytes[at] == '\a' || (bytes[at] == '\x1b' && in(at + 1, '\\', '\\')))
        return at + (bytes[at] == '\a' ? 1 : 2);
      else if (static_cast<unsigned char>(bytes[at]) < 0x20)
        return at;  // a string has no control characters: it was cut off here
    return at;
  }
  const bool csi = in(1, '[', '[');
  if (csi) ++at;
  while (csi && in(at, 0x30, 0x3f)) ++at;  // parameters
  while (in(at, 0x20, 0x2f)) ++at;         // intermediate bytes
  return in(at, csi ? 0x40 : 0x30, 0x7e) ? at + 1 : at;
}

/// Length of the valid UTF-8 character at the start of `bytes`, or 0.
std::size_t utf8_length(std::string_view bytes) {
  constexpr std::size_t longest = 4;
  // No beginning of a character is a character itself.
  for (std::size_t length = 1; length <= std::min(longest, bytes.size()); ++length)
    if (utf8::is_valid(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length)))
      return length;
  return 0;
}

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string printable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto first = static_cast<unsigned char>(bytes[0]);
    std::size_t used = 1;
    if (first == '\x1b') {
      used = escape_length(bytes);
    } else if (first == '\n' || first == '\t' || (first >= 0x20 && first < 0x7f)) {
      text += bytes[0];
    } else if (first >= 0x80) {
      const std::size_t length = utf8_length(bytes);
      // U+0080 to U+009F are control characters too; U+009B alone begins an escape sequence.
      const bool control =
          length == 2 && first == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0;
      if (!control) text += length > 0 ? bytes.substr(0, length) : std::string_view("\xef\xbf\xbd");
      used = std::max<std::size_t>(length, 1);
    }
    bytes.remove_prefix(used);
  }
  return text;
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += hex_digits[std::to_integer<unsigned>(byte) >> 4];
    text += hex_digits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

Result<std::vector<std::byte>> from_hex(std::string_view text) {
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0)
    return fail(Errc::invalid_input, "hexadecimal text of odd length {}", text.size());
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = digit(text[at]);
    const int low = digit(text[at + 1]);
    if (high < 0 || low < 0)
      return fail(Errc::invalid_input, "no hexadecimal digit at offset {}", high < 0 ? at : at + 1);
    bytes.push_back(static_cast<std::byte>(high << 4 | low));
  }
  return bytes;
}

std::string to_base64(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < have ? std::to_integer<std::uint32_t>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += i <= have ? base64_digits[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

Result<std::vector<std::byte>> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return fail(Errc::invalid_input, "base 64 text of length {}", text.size());
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    std::size_t padding = 0;
    if (last && text[at + 3] == '=') padding = text[at + 2] == '=' ? 2 : 1;
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t value = i < 4 - padding ? base64_digits.find(text[at + i]) : 0;
      if (value == std::string_view::npos)
        return fail(Errc::invalid_input, "no base 64 digit at offset {}", at + i);
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t i = 0; i < 3 - padding; ++i)
      bytes.push_back(static_cast<std::byte>((group >> (16 - 8 * i)) & 0xff));
  }
  return bytes;
}

std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t seed) {
  return static_cast<std::uint32_t>(
      ::crc32_z(seed, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace quiesce
