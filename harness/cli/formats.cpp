// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/formats.hpp"

#include "harness/cli/names.hpp"

namespace quiesce::cli {

void add_format_option(CLI::App& command, std::string& format) {
  std::vector<std::string> names;
  for (const auto* known : reports::formats()) names.emplace_back(known->name);
  command
      .add_option("-f,--format", format, "The format of the result (" + reports::meanings() + ")")
      ->check(one_of("format", names, "quiesce list formats"));
}

}  // namespace quiesce::cli
