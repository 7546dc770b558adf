// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/report.hpp"

#include <algorithm>

#include "harness/base/names.hpp"
#include "harness/base/text.hpp"

namespace quiesce::scenario {

namespace {

constexpr std::size_t longest_quote = 60;
constexpr std::size_t longest_place = 240;

std::string shorten(std::string text, std::size_t longest) {
  if (text.size() <= longest) return text;
  text.resize(longest);
  // Cut between characters, not inside one.
  while (!text.empty() && printable(text) != text) text.pop_back();
  return text + "...";
}

/// One line of text that a terminal may see.
std::string tame(std::string_view text, std::size_t longest = longest_quote) {
  std::string tamed = printable(text.substr(0, longest * 4));
  std::replace(tamed.begin(), tamed.end(), '\n', ' ');
  std::replace(tamed.begin(), tamed.end(), '\t', ' ');
  return shorten(std::move(tamed), longest);
}

}  // namespace

std::string Diagnostic::describe() const {
  if (place.empty()) return fmt::format("{}: {}", file, message);
  // A place is made of the keys of a text that may be hostile.
  return fmt::format("{}: {}: {}", file, tame(place, longest_place), message);
}

void Report::add(std::string place, std::string message) {
  add({file_, std::move(place), std::move(message)});
}

void Report::add(Diagnostic diagnostic) {
  if (full())
    ++more_;
  else
    diagnostics_.push_back(std::move(diagnostic));
}

bool Report::touches(std::string_view place) const {
  return std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Diagnostic& diagnostic) {
    return is_at_or_below(diagnostic.place, place);
  });
}

std::vector<Diagnostic> Report::take() {
  if (more_ > 0) diagnostics_.push_back({file_, "", fmt::format("and {} more", more_)});
  more_ = 0;
  return std::move(diagnostics_);
}

std::string below(std::string_view place, std::string_view key) {
  std::string pointer(place);
  pointer += '/';
  for (const char letter : key) {
    if (letter == '~')
      pointer += "~0";
    else if (letter == '/')
      pointer += "~1";
    else
      pointer += letter;
  }
  return pointer;
}

std::string below(std::string_view place, std::size_t index) {
  return fmt::format("{}/{}", place, index);
}

bool is_at_or_below(std::string_view place, std::string_view root) {
  return place.starts_with(root) && (place.size() == root.size() || place[root.size()] == '/');
}

std::string found(const nlohmann::json& value) {
  if (value.is_string()) return fmt::format("\"{}\"", tame(value.get_ref<const std::string&>()));
  if (value.is_object()) return value.empty() ? "an empty object" : "an object";
  if (value.is_array()) return value.empty() ? "an empty list" : "a list";
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string quoted_list(std::span<const std::string> words) {
  std::string list;
  for (const auto& word : words) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", word);
  return list;
}

std::string unknown(std::string_view what, std::string_view word,
                    std::span<const std::string> known) {
  const std::string start = fmt::format("unknown {} \"{}\"", what, tame(word));
  if (const std::string guess = did_you_mean(word, known); !guess.empty())
    return fmt::format("{}; {}", start, guess);
  if (known.empty()) return fmt::format("{}; there are none", start);
  return fmt::format("{}; expected one of {}", start, quoted_list(known));
}

}  // namespace quiesce::scenario
