// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace quiesce::cli {

/// Whether standard output is a terminal that shows colours, and NO_COLOR is not set.
bool colour_on_output();
/// Whether standard error is a terminal on which a line can be rewritten.
bool terminal_on_error();

}  // namespace quiesce::cli
