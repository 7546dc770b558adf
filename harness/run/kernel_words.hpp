// SPDX-License-Identifier: GPL-2.0-or-later
// Why a step failed, in the kernel's own words.
#pragma once

#include "harness/run/sides.hpp"

namespace quiesce::run {

/// Of the kernel's log, oldest first: the last lines that are about one of the devices, or, when
/// there is none, the last lines of all. At most three.
std::vector<std::string> telling_lines(const std::vector<record::answer::LogEntry>& log,
                                       const std::vector<scenario::PlannedDevice>& devices);

/// `why` with what the kernel's log says of the devices; as it was when the agent does not send
/// the log.
Error in_kernels_words(const GuestSide& guest, const Error& why,
                       const std::vector<scenario::PlannedDevice>& devices);

}  // namespace quiesce::run
