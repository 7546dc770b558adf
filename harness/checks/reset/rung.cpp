// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/rung.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "harness/base/text.hpp"
#include "harness/checks/busy.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using Dma = Rung::Dma;
using Ran = Rung::Ran;
using Done = evidence::Timed<record::event::ResetAction>;

/// How far back a write may lie and still be "shortly before" the first action: passes of the watch
/// are at most so far apart.
constexpr double shortly = 5;
/// A device that writes in even steps is silent when three of them are over.
constexpr double steps_of_silence = 3;
/// Scheduling: even steps are not so even, and times of two processes are compared.
constexpr double jitter = 0.1;

/// How the device can be seen.
struct RungView {
  std::vector<Sighting> sightings;
  std::vector<Pass> passes;
  bool by_ledger = false;
};

RungView view_of(const evidence::Run& run, const Attribution& who, const std::string& device) {
  const auto ledger = run.ledgers.find(device);
  return {sightings_of(run, who, device), passes_of(run),
          ledger != run.ledgers.end() && ledger->second.timed && ledger->second.kept()};
}

bool has_word(const std::string& list, const std::string& word) {
  const auto words = split(list, ' ');
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// An action that the device, or its place, does not offer. Read from the structure of the answer:
/// the words of the error are for people.
bool is_refused(const Done& done) {
  if (done.action == "reset") return !has_word(done.methods.value_or(""), done.method);
  if (done.action == "hot-reset") {
    const auto address = parse_pci_address(done.address);
    return address && address->bus == 0;  // the root bus has no bridge above
  }
  if (done.action == "d3hot") {
    constexpr std::uint16_t power_management = 0x01;
    const auto before = from_hex(done.before.value_or(""));
    return before && !PciConfig(*before).capability(power_management);
  }
  return false;
}

/// The agent looks whether the device answers after everything it does, also after what it could
/// not do: `ready_ms` is null when it does not.
Ran outcome_of(const Done& done) {
  if (done.ok == true) return Ran::done;
  if (!done.ready_ms.said) return Ran::unknown;
  if (!done.ready_ms.value) return Ran::lost;
  return is_refused(done) ? Ran::refused : Ran::failed;
}

/// The usual time between two writes that are known to the instant; nullopt when there are not two.
std::optional<double> usual_step(const std::vector<double>& times) {
  if (times.size() < 2) return std::nullopt;
  return (times.back() - times.front()) / static_cast<double>(times.size() - 1);
}

std::vector<double> exact_times(const std::vector<Sighting>& sightings, double from, double until) {
  std::vector<double> times;
  for (const Sighting& one : sightings)
    if (one.exact() && one.latest > from && one.latest <= until) times.push_back(one.latest);
  return times;
}

/// Writes to the instant: was it at its usual pace when the action came? One write has no pace.
bool kept_pace(const std::vector<Sighting>& sightings, double from, double until, double when) {
  const auto times = exact_times(sightings, from, until);
  const auto step = usual_step(times);
  return step && when - times.back() <= steps_of_silence * *step + jitter;
}

/// The begin of the last pass that was over when the first action began.
double last_pass_before(const std::vector<Pass>& passes, double began) {
  double from = began - shortly;
  for (const Pass& pass : passes)
    if (pass.t <= began) from = std::max(from, pass.since);
  return from;
}

/// In a pass that began after `from`, and not only after the action.
bool seen_by_watch(const std::vector<Sighting>& sightings, double from, double ended) {
  return std::any_of(sightings.begin(), sightings.end(), [&](const Sighting& one) {
    return !one.exact() && one.earliest >= from && one.earliest < ended;
  });
}

/// It went on to the end of the time that it was watched after the action before.
bool wrote_to_the_end_of(const Rung& before, const RungView& view) {
  double last_pass = before.ended;
  for (const Pass& pass : view.passes)
    if (pass.since >= before.ended && pass.t <= before.settled + jitter)
      last_pass = std::max(last_pass, pass.since);
  return before.dma == Dma::writing &&
         std::any_of(view.sightings.begin(), view.sightings.end(), [&](const Sighting& one) {
           return !one.exact() && one.earliest >= last_pass &&
                  one.latest <= before.settled + jitter;
         });
}

/// The control: it was writing when the action came. What an earlier action stopped is not.
bool was_writing(const Rung& rung, const Rung* before, const RungView& view) {
  const double from = before != nullptr ? before->ended : rung.began - shortly;
  if (kept_pace(view.sightings, from, rung.ended, rung.began)) return true;
  if (before == nullptr)
    return seen_by_watch(view.sightings, last_pass_before(view.passes, rung.began), rung.ended);
  // The machine runs on from the pass that ends the settling, a moment before `settled` is noted.
  return seen_by_watch(view.sightings, before->settled - jitter, rung.ended) ||
         wrote_to_the_end_of(*before, view);
}

/// Only what began after the action's end counts against it.
bool writes_after(const Rung& rung, const RungView& view) {
  return std::any_of(view.sightings.begin(), view.sightings.end(), [&](const Sighting& one) {
    return one.earliest >= rung.ended && one.earliest <= rung.settled &&
           one.latest <= rung.settled + jitter;
  });
}

/// Long enough to miss a write: the ledger is read for some usual steps, the watch for a pass.
bool was_watched_after(const Rung& rung, const RungView& view) {
  const double watched = rung.settled - rung.ended;
  if (view.by_ledger) {
    const auto step =
        usual_step(exact_times(view.sightings, rung.began - shortly, rung.ended + jitter));
    if (watched > 0 && (!step || watched >= steps_of_silence * *step)) return true;
  }
  return std::any_of(view.passes.begin(), view.passes.end(), [&](const Pass& pass) {
    return pass.since >= rung.ended && pass.t > pass.since && pass.t <= rung.settled + jitter;
  });
}

/// It could not have written: no buffer left, or no frame given.
bool had_nothing_to_write(const Rung& rung, const evidence::Run& run,
                          const scenario::PlannedDevice& device) {
  if (!is_net(device)) return false;
  if (fed_between(run, device.name, rung.ended, rung.settled) == 0) return true;
  const auto handover = run.mark(record::mark::handover);
  if (!handover) return false;
  const auto list = endings(run, device, *handover);
  const auto first = std::find_if(list.begin(), list.end(), [&](const Ending& ending) {
    return ending.t <= rung.began && !ending.stops();
  });
  return first != list.end();
}

Dma dma_of(const Rung& rung, const Rung* before, const RungView& view, const evidence::Run& run,
           const scenario::PlannedDevice& device) {
  if (writes_after(rung, view)) return Dma::writing;
  if (!was_watched_after(rung, view)) return Dma::unknown;
  if (!was_writing(rung, before, view)) return Dma::quiet;
  if (had_nothing_to_write(rung, run, device)) return Dma::dry;
  const bool acted =
      rung.does_something() && rung.outcome != Ran::refused && rung.outcome != Ran::unknown;
  return acted ? Dma::stopped : Dma::ended;
}

/// Of two sightings that may be of one write the exact one counts.
void look_at_last_write(Rung& rung, const RungView& view) {
  std::optional<Sighting> last;
  for (const Sighting& one : view.sightings) {
    // A ledger is exact: what it has after the settling is the probe's doing.
    if (one.latest > rung.settled + (one.exact() ? 0 : jitter)) continue;
    const bool explained = last && last->exact() && !one.exact() && one.earliest <= last->latest;
    if (!explained) last = one;
  }
  if (!last) return;
  rung.last_at_least_ms = std::max(0.0, last->earliest - rung.began) * 1000;
  rung.last_at_most_ms = std::max(0.0, last->latest - rung.began) * 1000;
}

/// The event of that kind that belongs to the action: it comes before the next one on the device.
/// Numbers begin anew with each list of actions.
template <class R>
std::optional<evidence::Timed<R>> following(const evidence::Run& run, const Rung& rung) {
  for (const auto& event : run.events<R>())
    if (event.t >= rung.settled && event.t <= rung.next && event.device == rung.device &&
        event.number == rung.number)
      return event;
  return std::nullopt;
}

void look_at_witnesses(Rung& rung, const evidence::Run& run,
                       const scenario::PlannedDevice& device) {
  rung.trace = endings_by_config(run, device, rung.began - jitter, rung.ended + jitter);
  const auto ledger = run.ledgers.find(rung.device);
  if (ledger == run.ledgers.end() || !ledger->second.timed) return;
  bool any_effect = false;
  for (const auto* entry : ledger->second.events<record::ledger::Reset>()) {
    if (entry->t < rung.began - jitter || entry->t > rung.ended + jitter) continue;
    const auto reset = entry->as<record::ledger::Reset>();
    const bool effect = reset.effect != false;
    any_effect = any_effect || effect;
    rung.ledger.push_back(reset.kind + (effect ? " with effect" : " without effect"));
  }
  rung.ledger_denies = !rung.ledger.empty() && !any_effect;
}

Rung read_rung(const std::vector<Done>& all, const Done& done) {
  Rung rung;
  rung.device = done.device;
  rung.number = done.number.value_or(0);
  rung.action = done.action;
  rung.method = done.method;
  rung.error = done.error.value_or("");
  rung.told = done.t;
  rung.began = done.began.value_or(done.t);
  rung.ended = std::max(rung.began, done.ended.value_or(rung.began));
  rung.settled = std::max(rung.ended, done.settled.value_or(rung.ended));
  rung.next = std::numeric_limits<double>::infinity();
  for (const Done& other : all)
    if (const double began = other.began.value_or(other.t);
        other.device == rung.device && began > rung.began)
      rung.next = std::min(rung.next, began);
  rung.outcome = outcome_of(done);
  rung.ready_ms = done.ready_ms.value;
  if (rung.ready_ms) rung.restored = done.restored;
  return rung;
}

void look_at_state(Rung& rung, const evidence::Run& run) {
  if (const auto state = following<record::event::ResetState>(run, rung)) {
    if (state->answers == false) {
      // All ones are no defaults, and no lie about them either.
      rung.silent_ms = (state->t - rung.ended) * 1000;
      rung.works = false;
    } else {
      rung.defaults = state->defaults;
    }
  }
  if (const auto probe = following<record::event::ResetProbe>(run, rung)) rung.works = probe->works;
  if (rung.outcome == Ran::lost) rung.works = false;
}

}  // namespace

const char* to_string(Rung::Dma dma) {
  switch (dma) {
    case Dma::unknown:
      return "not watched";
    case Dma::quiet:
      return "was quiet";
    case Dma::stopped:
      return "stopped";
    case Dma::ended:
      return "ended by itself";
    case Dma::dry:
      return "had no work";
    case Dma::writing:
      return "goes on";
  }
  return "?";
}

const char* to_string(Rung::Ran ran) {
  switch (ran) {
    case Ran::done:
      return "done";
    case Ran::refused:
      return "refused";
    case Ran::failed:
      return "failed";
    case Ran::lost:
      return "lost";
    case Ran::unknown:
      return "unknown";
  }
  return "?";
}

std::vector<Rung> rungs_of(const evidence::Run& run, const scenario::PlannedDevice& device,
                           const std::string& at, const Attribution& who) {
  std::vector<Rung> rungs;
  const auto actions = run.events<record::event::ResetAction>();
  for (const auto& done : actions)
    if (done.device == device.name && done.at == at) rungs.push_back(read_rung(actions, done));
  std::stable_sort(rungs.begin(), rungs.end(),
                   [](const Rung& a, const Rung& b) { return a.began < b.began; });
  const RungView view = view_of(run, who, device.name);
  const Rung* before = nullptr;
  for (Rung& rung : rungs) {
    rung.by_ledger = view.by_ledger;
    rung.dma = dma_of(rung, before, view, run, device);
    look_at_last_write(rung, view);
    look_at_witnesses(rung, run, device);
    look_at_state(rung, run);
    before = &rung;
  }
  return rungs;
}

}  // namespace quiesce::checks
