// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/decisive.hpp"

namespace quiesce::checks {

namespace {

/// When the ring was first used up before `until`.
std::optional<double> ring_used_up(const std::vector<Ending>& endings, double until) {
  for (const Ending& ending : endings)
    if (!ending.stops() && ending.t < until) return ending.t;
  return std::nullopt;
}

}  // namespace

std::optional<Ending> decisive(const std::vector<Ending>& endings, const Tally& tally,
                               double until) {
  std::optional<Ending> ring;
  for (const Ending& ending : endings) {
    if (ending.t > until) break;
    if (tally.last && ending.t < tally.last_since) continue;
    // A frame that lies in both memories may be a copy that a CPU made.
    if (ending.cause == Ending::Cause::taken_over && tally.last_fed && ending.t <= *tally.last_fed)
      continue;
    if (ending.stops()) return ending;
    if (!ring) ring = ending;
  }
  return ring;
}

void add_ending(Finding& finding, const Ending& ending, const std::vector<Ending>& all,
                const Tally& tally, double handover) {
  finding.with(measure::text("cause", word(ending.cause)))
      .with(measure::seconds("ended_s", ending.t - handover));
  if (tally.last && tally.last_fed && ending.t >= *tally.last_fed)
    finding.with(measure::seconds("after_frame_s", ending.t - *tally.last_fed));
  else if (tally.last && ending.t <= *tally.last)
    finding.with(measure::flag("in_last_pass", true));
  else if (tally.last)
    finding.with(measure::seconds("after_write_s", ending.t - *tally.last));
  if (const auto dry = ring_used_up(all, ending.t))
    finding.with(measure::seconds("ring_used_up_s", *dry - handover));
}

}  // namespace quiesce::checks
