// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/message.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace quiesce::checks {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}
bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_lower_name(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/// dddd:dd:dd.d at the beginning, hexadecimal.
bool begins_with_address(std::string_view text) {
  constexpr std::string_view shape = "xxxx:xx:xx.x";
  if (text.size() < shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'x' ? !is_hex(text[i]) : text[i] != shape[i]) return false;
  return true;
}

/// Up to three words at the beginning of a head.
struct HeadWords {
  std::array<std::string_view, 3> word;
  std::size_t count = 0;
};
HeadWords head_words(std::string_view head) {
  HeadWords words;
  while (!head.empty() && words.count < words.word.size()) {
    const std::size_t blank = head.find(' ');
    words.word.at(words.count++) = head.substr(0, blank);
    head.remove_prefix(blank == std::string_view::npos ? head.size() : blank + 1);
  }
  return words;
}

/// How buses and classes name what they have: "0000:00:03.0", "virtio0", "1-1.2", "0:0:0:0",
/// "usb1-port2", "PNP0A08:00", "[0000:00:03.0]-00cc:0".
bool is_device_name(std::string_view word) {
  return std::any_of(word.begin(), word.end(), is_digit) &&
         std::all_of(word.begin(), word.end(), [](char c) {
           return is_name(c) || c == '-' || c == '.' || c == ':' || c == '[' || c == ']';
         });
}

/// "ata1.00", "mmc0", "mpt3sas_cm0", "md/raid1:md0": a name that stands for itself. The digits in
/// its midst are no number: "8139cp" is a driver.
bool is_numbered_name(std::string_view word) {
  return word.front() >= 'a' && word.front() <= 'z' && is_digit(word.back()) &&
         word.find('+') == std::string_view::npos;
}
std::string_view without_number(std::string_view word) {
  while (!word.empty() && (is_digit(word.back()) || word.back() == '.')) word.remove_suffix(1);
  return word;
}

/// What stands between the head and what is said: "[sda] ", "[drm] ", "*ERROR* ".
std::string_view skip_marks(std::string_view body, bool& says_error) {
  constexpr std::string_view error = "*ERROR* ";
  for (;;) {
    while (!body.empty() && body.front() == ' ') body.remove_prefix(1);
    if (body.starts_with(error)) {
      says_error = true;
      body.remove_prefix(error.size());
      continue;
    }
    const std::size_t close = body.find("] ");
    if (body.empty() || body.front() != '[' || close == std::string_view::npos || close > 40)
      return body;
    body.remove_prefix(close + 2);
  }
}

/// "[drm:function [module]] *ERROR* what", "[drm] what".
std::optional<Origin> drm_origin(std::string_view text) {
  if (!text.starts_with("[drm")) return std::nullopt;
  Origin origin{.shape = Origin::Shape::device, .driver = "drm", .device = {}, .body = text};
  if (text.starts_with("[drm:")) {
    const std::size_t open = text.find(" [");
    const std::size_t close = text.find("]] ");
    if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
      origin.driver = text.substr(open + 2, close - open - 2);
      origin.body = text.substr(close + 3);
    }
  }
  origin.body = skip_marks(origin.body, origin.says_error);
  return origin;
}

}  // namespace

bool is_indented(std::string_view text) {
  return !text.empty() && (text.front() == ' ' || text.front() == '\t');
}

std::string_view next_address(std::string_view text, std::size_t& from) {
  constexpr std::size_t length = 12;
  for (; from + length <= text.size(); ++from)
    if (begins_with_address(text.substr(from)) && (from == 0 || !is_name(text[from - 1]))) {
      const auto address = text.substr(from, length);
      from += length;
      return address;
    }
  from = text.size();
  return {};
}

Origin origin_of(std::string_view text) {
  if (auto origin = drm_origin(text)) return *origin;
  const std::size_t colon = text.find(": ");
  Origin origin{.shape = Origin::Shape::nobody, .driver = {}, .device = {}, .body = text};
  if (colon == std::string_view::npos || colon == 0 || is_indented(text)) return origin;
  const HeadWords words = head_words(text.substr(0, colon));
  if (words.count == 0 || words.word[0].empty()) return origin;
  origin.driver = words.word[0];
  origin.shape = Origin::Shape::part;
  origin.set_in = is_indented(text.substr(colon + 2));
  origin.body = skip_marks(text.substr(colon + 2), origin.says_error);
  for (std::size_t i = 1; i < words.count; ++i) {
    const auto word = words.word.at(i);
    std::size_t from = 0;
    // A driver's name is in small letters, but an address speaks for itself.
    if (next_address(word, from).empty() &&
        (i > 1 || !is_device_name(word) ||
         !std::all_of(origin.driver.begin(), origin.driver.end(), is_lower_name)))
      continue;
    origin.shape = Origin::Shape::device;
    origin.device = word;
    return origin;
  }
  if (words.count > 1) return origin;
  if (is_numbered_name(origin.driver)) {
    origin.shape = Origin::Shape::device;
    origin.device = origin.driver;
    origin.driver = without_number(origin.driver);
  }
  return origin;
}

}  // namespace quiesce::checks
