// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/console_level.hpp"

#include <algorithm>
#include <string>

#include "harness/base/text.hpp"
#include "harness/base/units.hpp"

namespace quiesce::scenario {

int console_level_of(std::string_view command_line) {
  constexpr std::string_view key = "loglevel=";
  int level = 7;
  for (const std::string& word : split(command_line, ' ')) {
    if (word == "quiet") level = 4;
    if (word == "debug") level = 10;
    if (word.starts_with(key))
      if (const auto number = parse_number(std::string_view(word).substr(key.size())))
        level = static_cast<int>(std::min<std::uint64_t>(*number, 16));
  }
  for (const std::string& word : split(command_line, ' '))
    if (word == "ignore_loglevel") level = 16;
  return level;
}

}  // namespace quiesce::scenario
