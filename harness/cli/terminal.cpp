// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace quiesce::cli {

namespace {

bool is_dumb() {
  const char* terminal = std::getenv("TERM");
  return terminal != nullptr && std::string_view(terminal) == "dumb";
}

}  // namespace

bool colour_on_output() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && !is_dumb() && (no_colour == nullptr || *no_colour == '\0');
}

bool terminal_on_error() {
  return ::isatty(STDERR_FILENO) != 0 && !is_dumb();
}

}  // namespace quiesce::cli
