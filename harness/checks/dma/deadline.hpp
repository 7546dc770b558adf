// SPDX-License-Identifier: GPL-2.0-or-later
// The point of a run from which on there may be no stray write.
#pragma once

#include <optional>
#include <string>

#include "harness/checks/support.hpp"

namespace quiesce::checks {

struct Deadline {
  std::string name;
  double t = 0;
  /// A pass with writes that straddles it may end so many seconds later and still say nothing about
  /// what came after it.
  double tolerance = 1.0;
};

/// The deadline on the timeline, or nullopt when the run did not reach it. `asked` is the check's
/// parameter; there must have been a handover. "end" means that nothing is written from the mark
/// `closing` on, a second or more before the run's end: what comes after the end nobody sees.
std::optional<Deadline> find_deadline(const evidence::Run& run, const Story& story,
                                      const std::string& asked);

}  // namespace quiesce::checks
