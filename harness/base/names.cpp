// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "harness/base/text.hpp"

namespace quiesce {

namespace {

/// A slip of the pen is found in words, not in kilobytes: the edit distance is quadratic.
constexpr std::size_t longest_word = 64;
/// A part that is shorter is part of too much.
constexpr std::size_t shortest_part = 3;
/// More candidates than that are better shown by a command.
constexpr std::size_t few = 8;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return lower;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, change}));
    }
  }
  return row.back();
}

constexpr std::string_view between_words = "-._:/ ";

/// "dma" of "dma-at-entry".
std::string_view first_part(std::string_view name) {
  return name.substr(0, name.find_first_of(between_words));
}

/// Whether `part` stands in `whole` with nothing that belongs to a word at either side.
bool is_whole_part(std::string_view part, std::string_view whole) {
  const auto ends_word = [&](std::size_t at) {
    return at >= whole.size() || between_words.find(whole[at]) != std::string_view::npos;
  };
  for (std::size_t at = whole.find(part); at != std::string_view::npos;
       at = whole.find(part, at + 1))
    if ((at == 0 || ends_word(at - 1)) && ends_word(at + part.size())) return true;
  return false;
}

std::string one_of(const std::vector<std::string>& words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : i + 1 == words.size() ? " or " : ", ", words[i]);
  return list;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view word,
                                       std::span<const std::string> candidates, std::size_t most) {
  if (word.empty() || word.size() > longest_word) return {};
  const std::string wanted = lower_case(word);
  const std::size_t furthest = std::max<std::size_t>(2, wanted.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const auto& candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, lower_case(candidate));
    // Something must be left of the word: "ab" is no slip of "cd".
    if (distance <= furthest && distance < std::max(wanted.size(), candidate.size()))
      near.emplace_back(distance, candidate);
  }
  // Without a slip, what has it as a part, and at last what begins as it does.
  for (const std::string_view part : {std::string_view(wanted), first_part(wanted)})
    if (near.empty() && part.size() >= shortest_part)
      for (const auto& candidate : candidates)
        if (is_whole_part(part, lower_case(candidate))) near.emplace_back(0, candidate);
  std::ranges::stable_sort(near, {}, [](const auto& entry) { return entry.first; });
  const std::size_t best = near.empty() ? 0 : near.front().first;
  std::vector<std::string> names;
  for (auto& [distance, name] : near)
    if (names.size() < most && distance <= best + best / 2) names.push_back(std::move(name));
  return names;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const auto near = nearest_names(word, candidates);
  return near.empty() ? std::string() : fmt::format("did you mean {}?", one_of(near));
}

std::string no_such(std::string_view what, std::string_view word,
                    std::span<const std::string> candidates, std::string_view shows_all) {
  std::string shown = printable(word.substr(0, longest_word));
  std::ranges::replace(shown, '\n', ' ');
  std::string text = fmt::format("there is no {} \"{}\"", what, shown);
  const std::string guess = did_you_mean(word, candidates);
  if (!guess.empty())
    text += "; " + guess;
  else if (!candidates.empty() && candidates.size() <= few)
    text += "; expected " + one_of({candidates.begin(), candidates.end()});
  if (!shows_all.empty())
    text += fmt::format("{} \"{}\" shows all", guess.empty() ? ";" : "", shows_all);
  return text;
}

}  // namespace quiesce
