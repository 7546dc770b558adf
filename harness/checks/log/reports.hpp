// SPDX-License-Identifier: GPL-2.0-or-later
// One thing that went wrong is one report, of however many lines: a call trace, a register dump,
// the bits of an AER status.
#pragma once

#include <string>
#include <vector>

#include "harness/checks/finding.hpp"
#include "harness/checks/log/classify.hpp"

namespace quiesce::checks {

/// A line of one source, and where it stands there.
struct LogLine {
  Message message;
  Measure place;  ///< "at_s" or "kernel_s"
  Reference where;
};

struct Report {
  LogLine head;
  Judgement judgement;                  ///< of no kind: only a warning by its level
  std::vector<std::string> below = {};  ///< the further lines of it
};

/// In the order of their heads; a message that is said again is one. `lines` are of one source, in
/// their order.
std::vector<Report> reports_of(const std::vector<LogLine>& lines, const UnderTest& tested);

}  // namespace quiesce::checks
