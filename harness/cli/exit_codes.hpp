// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <vector>

#include "harness/base/result.hpp"
#include "harness/checks/check.hpp"

namespace quiesce::cli {

/// Exit codes of `quiesce`; those of a judged run are checks::exit_code().
namespace exit_code {
inline constexpr int ok = 0;
inline constexpr int failed = 1;
inline constexpr int usage = 2;
inline constexpr int environment = 3;
inline constexpr int interrupted = 130;
/// For `git bisect run`: cannot be tested.
inline constexpr int bisect_skip = 125;
}  // namespace exit_code

/// invalid_input and not_found are the user's (2), interrupted is 130, everything else the
/// environment's (3).
int exit_code_of(const Error& error);

enum class For { people, bisect };
/// Of all runs together: an interruption before an error, a failure, an inconclusive run. For git
/// 0 good, 1 bad, 125 skip; there one real failure outweighs a run that was lost.
int exit_code_of(const std::vector<checks::Outcome>& outcomes, For whom);

/// When standard output could not be written: 3, unless the code itself is what was asked for
/// (git's answer, an interruption).
int exit_code_without_output(int code, For whom);

}  // namespace quiesce::cli
