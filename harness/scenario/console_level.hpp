// SPDX-License-Identifier: GPL-2.0-or-later
// What of its messages a kernel shows on its consoles.
#pragma once

#include <string_view>

namespace quiesce::scenario {

/// Levels below it go to the consoles of a kernel with this command line: the last loglevel=, else
/// 4 with "quiet", 10 with "debug", 16 with "ignore_loglevel", else 7 (init/main.c;
/// CONFIG_CONSOLE_LOGLEVEL_DEFAULT and _QUIET of stock kernels).
int console_level_of(std::string_view command_line);

}  // namespace quiesce::scenario
