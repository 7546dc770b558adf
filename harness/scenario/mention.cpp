// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/mention.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace quiesce::scenario {

namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

}  // namespace

bool names_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) {
    return a == b || (a == '_' && b == '-') || (a == '-' && b == '_');
  };
  if (word.empty()) return false;
  for (auto at = std::search(text.begin(), text.end(), word.begin(), word.end(), same);
       at != text.end(); at = std::search(at + 1, text.end(), word.begin(), word.end(), same)) {
    const auto after = at + static_cast<std::ptrdiff_t>(word.size());
    if ((at == text.begin() || !is_word(at[-1])) && (after == text.end() || !is_word(*after)))
      return true;
  }
  return false;
}

bool same_module(std::string_view a, std::string_view b) {
  return a.size() == b.size() && names_word(a, b);
}

bool mentions(std::string_view line, const PlannedDevice& device) {
  if (line.find(to_string(device.address)) != std::string_view::npos) return true;
  const auto& modules = device.profile.modules;
  return names_word(line, device.profile.driver) ||
         std::any_of(modules.begin(), modules.end(),
                     [&](const std::string& module) { return names_word(line, module); });
}

}  // namespace quiesce::scenario
