// SPDX-License-Identifier: GPL-2.0-or-later
// Where a capture kernel's messages are: the kernel's own records that the agent read, each whole
// and with its level, and in older evidence only warnings and worse; and the serial line, which has
// everything, but no levels, and in older evidence lost characters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/checks/log/reports.hpp"
#include "harness/checks/support.hpp"

namespace quiesce::checks {

/// Who is under test in the run, and what else the machine has.
UnderTest under_test(const evidence::Run& run);

/// What both sources have, each thing once: of the serial line what the records have not, for they
/// hold only warnings, and what was there before they begin. A serial line that may be what is left
/// of a record is none of its own. Levels come from the records: what they have not, when they are
/// whole, is information.
std::vector<Report> log_reports(const evidence::Run& run, const Story& story);

/// The lines that a serial line is made of when ends of lines were lost: each begins with the
/// kernel's time stamp.
std::vector<std::string_view> unglue(std::string_view line);

/// `left` is `whole` with at most a third of it lost.
bool may_be_left_of(std::string_view left, std::string_view whole);

}  // namespace quiesce::checks
