// SPDX-License-Identifier: GPL-2.0-or-later
// The formats in which a result leaves: one file each, which registers itself. A format sees the
// result alone, neither run directory nor machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/checks/result.hpp"

namespace quiesce::reports {

struct Style {
  bool colour = false;  ///< with escape sequences; for a terminal
  bool verbose =
      false;  ///< details and controls of every check, not only of those that did not pass
};

struct Format {
  const char* name;     ///< "text": what --format takes
  const char* meaning;  ///< one phrase, for --help and `quiesce list formats`
  const char* media;    ///< media type (IANA)
  const char* ending;   ///< of a file's name, ".txt"
  /// The whole report, its last line ended.
  std::string (*render)(const checks::RunResult& result, const Style& style);
};

/// All formats, by name. (A self-registering list: the library is linked whole.)
const std::vector<const Format*>& formats();
/// nullptr for a name that is none.
const Format* find_format(std::string_view name);
/// Put one static Registration in each format's file.
struct Registration {
  explicit Registration(const Format& format);
};

/// "text: for people; json: for programs": for --help.
std::string meanings();

}  // namespace quiesce::reports
