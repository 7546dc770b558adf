// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/deadline.hpp"

#include "harness/record/layout.hpp"

namespace quiesce::checks {

std::optional<Deadline> find_deadline(const evidence::Run& run, const Story& story,
                                      const std::string& asked) {
  const auto at_end = [&]() -> std::optional<Deadline> {
    if (!story.capture_end) return std::nullopt;
    if (const auto closing = run.mark(record::mark::closing)) return Deadline{"the end", *closing};
    // Evidence of before there was that mark: a pass over the whole last second says nothing of it.
    return Deadline{"the end", *story.capture_end - 1.0, 0.0};
  };
  if (asked == "end") return at_end();
  if (asked == record::mark::handover) return Deadline{"the handover", *story.handover};
  if (asked == record::mark::capture_entry && story.capture_entry)
    return Deadline{"capture-entry", *story.capture_entry};
  if (asked == record::mark::drivers && story.drivers) return Deadline{"drivers", *story.drivers};
  // Without drivers the mark never comes: then the writes must have ended by the end.
  if (asked == record::mark::drivers && !run.plan.scenario.steps.drivers) return at_end();
  return std::nullopt;
}

}  // namespace quiesce::checks
