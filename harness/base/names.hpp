// SPDX-License-Identifier: GPL-2.0-or-later
// What to say of a name that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quiesce {

/// The candidates that `word` may have been meant for, nearest first, at most `most`: those that
/// are a slip of the pen away (and not half as far again as the nearest), else those of
/// which it, or else its first part, is a whole part ("ladder" and "reset-me" of "reset-ladder").
/// Capital and small letters are the same.
std::vector<std::string> nearest_names(std::string_view word,
                                       std::span<const std::string> candidates,
                                       std::size_t most = 3);

/// `did you mean "a", "b" or "c"?`, or empty when none is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// `there is no scenario "first-rum"; did you mean "first-run"? "quiesce list scenarios" shows all`
/// `shows_all` is the command that does, or empty. Without a near one, the candidates when they are
/// few.
std::string no_such(std::string_view what, std::string_view word,
                    std::span<const std::string> candidates, std::string_view shows_all = {});

}  // namespace quiesce
