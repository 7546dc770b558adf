// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <utility>

#include "vm-images/builder/apt.hpp"

namespace quiesce::builder {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// deb-version(7): '~' sorts before the end, letters before all else.
int weight(std::string_view text, std::size_t at) {
  if (at >= text.size() || is_digit(text[at])) return 0;
  const char c = text[at];
  if (c == '~') return -1;
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter ? c : c + 256;
}

/// The digits at the front, without leading zeros; they are removed from `text`.
std::string_view take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

int compare_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    std::size_t at = 0;
    for (; (at < a.size() && !is_digit(a[at])) || (at < b.size() && !is_digit(b[at])); ++at)
      if (const int difference = weight(a, at) - weight(b, at); difference != 0) return difference;
    a.remove_prefix(std::min(at, a.size()));
    b.remove_prefix(std::min(at, b.size()));
    const std::string_view left = take_number(a);
    const std::string_view right = take_number(b);
    if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
    if (const int difference = left.compare(right); difference != 0) return difference;
  }
  return 0;
}

/// Epoch ("0" when there is none) and the rest.
std::pair<std::string_view, std::string_view> split_epoch(std::string_view version) {
  const std::size_t colon = version.find(':');
  if (colon == std::string_view::npos) return {"0", version};
  return {version.substr(0, colon), version.substr(colon + 1)};
}

/// Upstream version and revision ("0" when there is none).
std::pair<std::string_view, std::string_view> split_revision(std::string_view version) {
  const std::size_t dash = version.rfind('-');
  if (dash == std::string_view::npos) return {version, "0"};
  return {version.substr(0, dash), version.substr(dash + 1)};
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  const auto [epoch_a, rest_a] = split_epoch(a);
  const auto [epoch_b, rest_b] = split_epoch(b);
  if (const int difference = compare_part(epoch_a, epoch_b); difference != 0) return difference;
  const auto [upstream_a, revision_a] = split_revision(rest_a);
  const auto [upstream_b, revision_b] = split_revision(rest_b);
  const int difference = compare_part(upstream_a, upstream_b);
  return difference != 0 ? difference : compare_part(revision_a, revision_b);
}

}  // namespace quiesce::builder
