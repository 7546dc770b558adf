// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/format.hpp"

#include <algorithm>
#include <cstring>

namespace quiesce::reports {

namespace {

std::vector<const Format*>& known_formats() {
  static std::vector<const Format*> known;
  return known;
}

}  // namespace

const std::vector<const Format*>& formats() {
  return known_formats();
}

const Format* find_format(std::string_view name) {
  const auto& known = known_formats();
  const auto found = std::find_if(known.begin(), known.end(),
                                  [&](const Format* format) { return name == format->name; });
  return found == known.end() ? nullptr : *found;
}

Registration::Registration(const Format& format) {
  const auto before = [](const Format* a, const Format* b) {
    return std::strcmp(a->name, b->name) < 0;
  };
  auto& known = known_formats();
  known.insert(std::upper_bound(known.begin(), known.end(), &format, before), &format);
}

std::string meanings() {
  std::string text;
  for (const Format* format : known_formats())
    text += std::string(text.empty() ? "" : "; ") + format->name + ": " + format->meaning;
  return text;
}

}  // namespace quiesce::reports
