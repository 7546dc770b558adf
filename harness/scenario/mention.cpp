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

std::string spelled(std::string name, char from, char to) {
  std::replace(name.begin(), name.end(), from, to);
  return name;
}

bool mentions_word(std::string_view line, std::string_view word) {
  if (word.empty()) return false;
  for (std::size_t at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const std::size_t after = at + word.size();
    if ((at == 0 || !is_word(line[at - 1])) && (after >= line.size() || !is_word(line[after])))
      return true;
  }
  return false;
}

}  // namespace

bool mentions(std::string_view line, const PlannedDevice& device) {
  if (line.find(to_string(device.address)) != std::string_view::npos) return true;
  const auto& modules = device.profile.modules;
  return mentions_word(line, device.profile.driver) ||
         std::any_of(modules.begin(), modules.end(), [&](const std::string& module) {
           return mentions_word(line, spelled(module, '-', '_')) ||
                  mentions_word(line, spelled(module, '_', '-'));
         });
}

}  // namespace quiesce::scenario
