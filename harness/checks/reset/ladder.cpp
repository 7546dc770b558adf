// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/ladder.hpp"

#include <algorithm>

#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"

namespace quiesce::checks {

namespace {

using Dma = Rung::Dma;

/// The function test after the drivers have loaded.
std::optional<bool> tested_after(const evidence::Run& run, const Rung& last) {
  std::optional<bool> works;
  for (const auto& test : run.events<record::event::TestResult>())
    if (test.t >= last.settled && test.device == last.device) works = test.ok;
  return works;
}

/// In the production kernel a device works when it goes on with what keeps it busy: the control
/// comes after all actions.
std::optional<bool> busy_again(const evidence::Run& run, const scenario::PlannedDevice& device,
                               const Rung& last) {
  std::optional<bool> works;
  for (const auto& control : run.events<record::event::Control>())
    if (control.t >= last.settled && control.device == device.name && device.profile.writes_tagged)
      works = control.tagged_pages > 0;
  if (works) return works;
  std::uint64_t operations = 0;
  for (const auto& activity : run.events<record::event::Activity>()) {
    if (activity.device != device.name) continue;
    const std::uint64_t now = activity.operations.value_or(0);
    if (activity.t >= last.settled && activity.state == "failed") works = false;
    if (activity.t >= last.settled && now > operations) works = true;
    operations = std::max(operations, now);
  }
  return works;
}

std::optional<bool> works_at_last(const evidence::Run& run, const scenario::PlannedDevice& device,
                                  const Ladder& ladder) {
  const Rung& last = ladder.rungs.back();
  if (ladder.at == at_production) {
    const auto busy = busy_again(run, device, last);
    return busy ? busy : last.works;
  }
  return last.works ? last.works : tested_after(run, last);
}

bool climbed(const evidence::Run& run, const std::string& device, const std::string& at) {
  for (const auto& action : run.events<record::event::ResetAction>())
    if (action.device == device && action.at == at && action.climb == true)
      return at == at_capture;  // only there a rung leaves devices out
  return false;
}

void add_flag(Measures& measures, const char* key, const std::optional<bool>& value) {
  if (value) measures.push_back(measure::flag(key, *value));
}

/// When the last write came after the action's begin: exact, or within a pass.
void add_last_write(Measures& measures, const Rung& rung) {
  if (rung.dma != Dma::stopped || !rung.last_at_most_ms) return;
  measures.push_back(measure::milliseconds("stopped_after_ms", *rung.last_at_most_ms));
  if (rung.last_at_least_ms)
    measures.push_back(measure::milliseconds("stopped_after_at_least_ms", *rung.last_at_least_ms));
  if (rung.last_at_least_ms != rung.last_at_most_ms)
    measures.push_back(measure::flag("within", true));
}

}  // namespace

const Rung* Ladder::stopped_by() const {
  for (const Rung& rung : rungs)
    if (rung.dma == Dma::stopped) return &rung;
  return nullptr;
}

const Rung* Ladder::brought_back_by() const {
  for (const Rung& rung : rungs) {
    const bool at_last = &rung == &rungs.back() && works == true;
    const bool still = rung.dma == Dma::writing || rung.dma == Dma::unknown;
    if (rung.does_something() && rung.outcome == Rung::Ran::done && !still &&
        (rung.works == true || at_last))
      return &rung;
  }
  return nullptr;
}

bool Ladder::any(Rung::Dma dma) const {
  return std::any_of(rungs.begin(), rungs.end(), [&](const Rung& rung) { return rung.dma == dma; });
}

bool Ladder::was_seen_writing() const {
  return std::any_of(rungs.begin(), rungs.end(),
                     [](const Rung& rung) { return rung.was_seen_writing(); });
}

std::vector<Ladder> ladders_of(const evidence::Run& run, const Attribution& who) {
  std::vector<Ladder> ladders;
  for (const char* at : {at_production, at_capture})
    for (const auto& device : run.plan.devices) {
      Ladder ladder{device.name, at, climbed(run, device.name, at), rungs_of(run, device, at, who),
                    std::nullopt};
      if (ladder.rungs.empty()) continue;
      ladder.works = works_at_last(run, device, ladder);
      ladders.push_back(std::move(ladder));
    }
  return ladders;
}

Measures measures_of(const Ladder& ladder, const Rung& rung, double zero) {
  Measures measures{measure::text("at", ladder.at),
                    measure::count("number", rung.number),
                    measure::text("do", rung.action),
                    measure::text("method", rung.method),
                    measure::seconds("began_s", rung.began - zero),
                    measure::text("outcome", to_string(rung.outcome)),
                    measure::text("dma", to_string(rung.dma)),
                    measure::flag("stopped", rung.dma == Dma::stopped),
                    measure::list("ledger", rung.ledger),
                    measure::text("error", rung.error)};
  std::vector<std::string> trace;
  for (const Ending& ending : rung.trace) trace.emplace_back(word(ending.cause));
  measures.push_back(measure::list("trace", trace));
  add_last_write(measures, rung);
  if (ladder.at == at_production) measures.push_back(measure::flag("production", true));
  if (rung.outcome == Rung::Ran::lost) measures.push_back(measure::flag("lost", true));
  if (rung.ready_ms) measures.push_back(measure::milliseconds("ready_ms", *rung.ready_ms));
  add_flag(measures, "defaults", rung.defaults);
  add_flag(measures, "restored", rung.restored);
  add_flag(measures, "works", rung.works);
  return measures;
}

Measures measures_of(const Ladder& ladder) {
  Measures measures{measure::text("at", ladder.at),
                    measure::flag("wrote_on", ladder.any(Dma::writing))};
  if (const Rung* stopped = ladder.stopped_by()) {
    measures.push_back(measure::text("stopped_by", stopped->what()));
    add_last_write(measures, *stopped);
  }
  if (const Rung* back = ladder.brought_back_by())
    measures.push_back(measure::text("brought_back_by", back->what()));
  add_flag(measures, "works", ladder.works);
  return measures;
}

}  // namespace quiesce::checks
