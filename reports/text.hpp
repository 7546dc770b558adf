// SPDX-License-Identifier: GPL-2.0-or-later
// A result as text for people.
#pragma once

#include <string>

#include "harness/checks/result.hpp"

namespace quiesce::reports {

/// The verdict with its reasons; `colour` with escape sequences; `verbose` shows the details and
/// controls of every check, not only of those that did not pass.
std::string render_text(const checks::RunResult& result, bool colour, bool verbose = false);

}  // namespace quiesce::reports
