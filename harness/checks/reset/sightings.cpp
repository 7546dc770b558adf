// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/sightings.hpp"

#include <algorithm>

#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

std::vector<Sighting> sightings_of(const evidence::Run& run, const Attribution& who,
                                   const std::string& device) {
  std::vector<Sighting> seen;
  const auto ledger = run.ledgers.find(device);
  const bool keeps_ledger =
      ledger != run.ledgers.end() && ledger->second.timed && ledger->second.kept();
  if (keeps_ledger)
    for (const auto& write : ledger->second.writes) seen.push_back({write.t, write.t});
  for (std::size_t i = 0; i < run.strays.size(); ++i) {
    const Attributed& writer = who.strays[i];
    if (writer.by == By::ledger && keeps_ledger) continue;
    if (std::find(writer.devices.begin(), writer.devices.end(), device) != writer.devices.end())
      seen.push_back({run.strays[i].since, run.strays[i].t});
  }
  std::stable_sort(seen.begin(), seen.end(),
                   [](const Sighting& a, const Sighting& b) { return a.latest < b.latest; });
  return seen;
}

std::vector<Pass> passes_of(const evidence::Run& run) {
  std::vector<Pass> passes;
  double before = run.mark(record::mark::handover).value_or(0);
  for (const auto& pass : run.events<record::event::WatchPass>()) {
    passes.push_back({pass.since.value_or(before), pass.t});
    before = pass.begin_t.value_or(pass.t);
  }
  return passes;
}

}  // namespace quiesce::checks
