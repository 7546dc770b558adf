// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/decisive.hpp"

#include <fmt/format.h>

namespace quiesce::checks {

namespace {

/// How an ending lies to the last write.
std::string beside_last(const Ending& ending, const Tally& tally) {
  if (!tally.last) return {};
  if (tally.last_fed && ending.t >= *tally.last_fed)
    return fmt::format(", {:.2f} s after the last frame that landed was fed",
                       ending.t - *tally.last_fed);
  if (ending.t <= *tally.last) return ", in the pass of the last write";
  return fmt::format(", {:.2f} s after the last write", ending.t - *tally.last);
}

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
    if (ending.stops()) return ending;
    if (!ring) ring = ending;
  }
  return ring;
}

std::string tell(const Ending& ending, const std::vector<Ending>& all, const Tally& tally,
                 double handover) {
  std::string text = fmt::format("{} at +{:.2f} s", to_string(ending.cause), ending.t - handover);
  text += beside_last(ending, tally);
  if (const auto dry = ring_used_up(all, ending.t))
    text += fmt::format(", after its receive ring was used up at +{:.2f} s", *dry - handover);
  return text;
}

}  // namespace quiesce::checks
