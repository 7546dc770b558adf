// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/busy.hpp"

#include <algorithm>

#include "harness/record/events_watch.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

bool is_witness(const evidence::Run& run, const scenario::PlannedDevice& device) {
  const auto ledger = run.ledgers.find(device.name);
  return device.busy &&
         (device.profile.writes_tagged || (ledger != run.ledgers.end() && ledger->second.kept()));
}

bool does_dma(const scenario::PlannedDevice& device) {
  return device.busy && scenario::activity_of(device).uses_memory;
}

bool is_net(const scenario::PlannedDevice& device) {
  return scenario::activity_of(device).feed == scenario::Feed::frames;
}

std::uint64_t fed_between(const evidence::Run& run, const std::string& device, double after,
                          double until) {
  const auto feeds = run.events<record::event::Feed>();
  return static_cast<std::uint64_t>(
      std::count_if(feeds.begin(), feeds.end(), [&](const auto& feed) {
        return feed.t > after && feed.t <= until && feed.device == device;
      }));
}

}  // namespace quiesce::checks
