// SPDX-License-Identifier: GPL-2.0-or-later
// What every tracked file must hold to. Pure: a rule sees a path and a text.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quiesce::style {

struct File {
  std::string path;  ///< from the root of the project
  std::string text;
};

struct Rule {
  const char* name;
  /// What is wrong with the file, one sentence each, with its line where there is one.
  std::vector<std::string> (*problems)(const File& file);
};

std::span<const Rule> rules();

}  // namespace quiesce::style
