// SPDX-License-Identifier: GPL-2.0-or-later
// Resets of devices: which happened, by whom, and whether they did what they promise.
#include <algorithm>
#include <set>

#include "harness/base/units.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/checks/reset/codes.hpp"
#include "harness/checks/reset/ladder.hpp"
#include "harness/checks/reset/needs.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks::reset {

namespace {

using nlohmann::json;
using Dma = Rung::Dma;
using Ran = Rung::Ran;

/// The parameters, read.
struct Wanted {
  double ready_ms = 1000;
  bool lies_fail = true;
  bool must_stop = false;
};

bool is_model(const evidence::Run& run, const std::string& device) {
  return std::any_of(run.plan.devices.begin(), run.plan.devices.end(), [&](const auto& one) {
    return one.name == device && scenario::activity_of(one).model;
  });
}

/// What it did not do though it reported success, as a phrase's word; empty when it kept its word.
/// In the production kernel a driver may have set the device to work again; nobody does that to a
/// model in the meantime.
std::string lie_of(const Rung& rung, bool may_write_again) {
  if (rung.outcome != Ran::done) return {};
  const bool writes = rung.dma == Dma::writing && !may_write_again;
  if (rung.action == "bus-master-off" && writes) return "bus-master";  // PCIe 6.0, 7.5.1.1.3
  if (!rung.is_reset()) return {};
  if (writes) return "writes";
  if (rung.defaults == false) return "registers";
  if (rung.ledger_denies) return "ledger";
  return {};
}

Finding of_rung(const Code& code, const Rung& rung) {
  Finding finding =
      found_of(code, rung.device,
               {measure::text("do", rung.action), measure::text("method", rung.method),
                measure::count("number", rung.number)});
  if (!rung.error.empty()) finding.with(measure::text("error", shorten(rung.error)));
  return finding.seen_in({record::file::timeline, record::event::ResetAction::name, rung.told});
}

/// By how much a device was too late for certain. The kernel looks after 1, 2, 4, ... ms more
/// (drivers/pci/pci.c, pci_dev_wait), so a moment's delay of the one look costs as much time again.
double known_late_s(double ready_ms, double wanted_ms) {
  return std::max(0.0, ready_ms / 2 - wanted_ms) / 1000;
}

/// PCIe 6.0, 6.6.1 and 6.6.2: 1 s after a reset a function that still is not ready is broken.
void judge_readiness(Findings& findings, const Rung& rung, const Rung* before,
                     const Wanted& wanted) {
  const bool was_lost = before != nullptr && before->outcome == Ran::lost;
  if (rung.outcome == Ran::lost && !was_lost)
    findings.push_back(of_rung(rung.does_something() ? lost_for_ever : lost_before, rung));
  if (!rung.does_something() || rung.outcome != Ran::done) return;
  if (rung.ready_ms && *rung.ready_ms > wanted.ready_ms)
    findings.push_back(of_rung(ready_late, rung)
                           .with(measure::milliseconds("ready_ms", *rung.ready_ms))
                           .too_long({.from = rung.began,
                                      .until = rung.ended,
                                      .by_s = known_late_s(*rung.ready_ms, wanted.ready_ms)}));
  else if (rung.silent_ms)
    findings.push_back(
        of_rung(*rung.silent_ms > wanted.ready_ms ? registers_silent : registers_silent_yet, rung)
            .with(measure::milliseconds("silent_ms", *rung.silent_ms)));
  // A device that is found anew starts with what the kernel gives it.
  if (rung.restored == false && rung.action != "remove-rescan")
    findings.push_back(
        of_rung(configuration_lost, rung).with(measure::flag("by_kernel", rung.action == "reset")));
}

/// The write that does it, by the kernel's way (drivers/pci/pci.c): what the trace must have.
std::optional<Ending::Cause> expected_in_trace(const Rung& rung) {
  if (rung.action == "hot-reset" || rung.method == "bus") return Ending::Cause::bus_reset;
  if (rung.action == "d3hot" || rung.method == "pm") return Ending::Cause::d3hot;
  if (rung.action == "bus-master-off") return Ending::Cause::bus_master_cleared;
  if (rung.method == "flr" || rung.method == "af_flr") return Ending::Cause::function_level_reset;
  return std::nullopt;
}

/// A reset that reports success and was never asked of the device. The trace is believed only where
/// it has something of the action: the kernel clears Bus Master before each reset
/// (pci_dev_save_and_disable).
void judge_trace(Findings& findings, const Rung& rung) {
  const auto expected = expected_in_trace(rung);
  if (!expected || rung.outcome != Ran::done || rung.trace.empty()) return;
  if (std::none_of(rung.trace.begin(), rung.trace.end(),
                   [&](const Ending& ending) { return ending.cause == *expected; }))
    findings.push_back(of_rung(not_in_trace, rung));
}

void judge_rung(Findings& findings, const Rung& rung, const Rung* before, const Wanted& wanted,
                bool may_write_again) {
  if (const std::string lie = lie_of(rung, may_write_again); !lie.empty())
    findings.push_back(of_rung(wanted.lies_fail ? no_effect : no_effect_told, rung)
                           .with(measure::text("lie", lie)));
  if (rung.outcome == Ran::failed && rung.does_something())
    findings.push_back(of_rung(action_failed, rung));
  if (rung.outcome == Ran::unknown) findings.push_back(of_rung(outcome_unknown, rung));
  judge_readiness(findings, rung, before, wanted);
  judge_trace(findings, rung);
}

/// What nobody knows of the device's DMA; without it the ladder's answer would be a guess.
void doubt_dma(Findings& findings, const Ladder& ladder) {
  for (const Rung& rung : ladder.rungs) {
    if (rung.dma == Dma::unknown) findings.push_back(of_rung(unwatched, rung));
    if (rung.dma == Dma::dry) findings.push_back(of_rung(nothing_to_write, rung));
    if (rung.dma == Dma::ended) findings.push_back(of_rung(ended_by_itself, rung));
  }
  if (!ladder.was_seen_writing()) findings.push_back(found_of(never_seen_writing, ladder.device));
}

void judge_ladder(Findings& findings, const Ladder& ladder, const Wanted& wanted) {
  const Rung& last = ladder.rungs.back();
  if (ladder.works == false) findings.push_back(of_rung(does_not_work, last));
  if (ladder.at == at_production) {
    // Its DMA is to go on there, and without a ledger nobody watches it before the handover.
    if (!ladder.works) findings.push_back(of_rung(works_unknown, last));
    return;
  }
  doubt_dma(findings, ladder);
  if (std::none_of(
          ladder.rungs.begin(), ladder.rungs.end(),
          [](const Rung& rung) { return rung.does_something() && rung.outcome != Ran::refused; }) &&
      std::any_of(ladder.rungs.begin(), ladder.rungs.end(),
                  [](const Rung& rung) { return rung.does_something(); }))
    findings.push_back(found_of(nothing_possible, ladder.device));
  if (!ladder.was_seen_writing()) return;
  if ((ladder.climb || wanted.must_stop) && ladder.stopped_by() == nullptr)
    findings.push_back(
        found_of(last.dma == Dma::writing ? stopped_by_none : stopped_by_none_seen, ladder.device));
  else if (ladder.climb && ladder.brought_back_by() == nullptr && ladder.works != false)
    findings.push_back(found_of(brought_back_by_none, ladder.device));
}

bool within(const std::vector<Ladder>& ladders, const std::string& device, double t) {
  constexpr double slack = 0.1;
  for (const Ladder& ladder : ladders)
    for (const Rung& rung : ladder.rungs)
      if (ladder.device == device && t >= rung.began - slack && t <= rung.ended + slack)
        return true;
  return false;
}

/// Resets that nobody asked for by a step: by drivers, by the kernel, and what ledgers noted.
Findings other_resets(const evidence::Run& run, const std::vector<Ladder>& ladders, double zero) {
  Findings others;
  const auto handover = run.mark(record::mark::handover);
  for (const auto& device : run.plan.devices) {
    if (!handover) break;
    for (const Ending& ending : endings(run, device, *handover))
      if (ending.stops() && ending.cause != Ending::Cause::bus_master_cleared &&
          ending.cause != Ending::Cause::device_stopped &&
          ending.cause != Ending::Cause::taken_over && !within(ladders, device.name, ending.t))
        others.push_back(found_of(other_reset, device.name,
                                  {measure::seconds("at_s", ending.t - zero),
                                   measure::text("cause", word(ending.cause))}));
  }
  for (const auto& [device, ledger] : run.ledgers) {
    if (!ledger.timed) continue;
    for (const auto* entry : ledger.events<record::ledger::Reset>()) {
      const auto reset = entry->as<record::ledger::Reset>();
      // QEMU resets its devices when the machine starts.
      if (reset.kind == "device" && (!handover || entry->t < *handover)) continue;
      if (within(ladders, device, entry->t)) continue;
      others.push_back(
          found_of(other_reset, device,
                   {measure::seconds("at_s", entry->t - zero), measure::text("kind", reset.kind),
                    measure::flag("effect", reset.effect != false)})
              .seen_in({record::ledger_file(device), record::ledger::Reset::name, entry->t}));
    }
  }
  return others;
}

/// Who did it, by the two witnesses that are not the agent; nullopt without one.
std::optional<Finding> witnesses_of(const Rung& rung) {
  std::vector<std::string> causes;
  for (const Ending& ending : rung.trace)
    if (const std::string cause = word(ending.cause);
        std::find(causes.begin(), causes.end(), cause) == causes.end())
      causes.push_back(cause);
  if (causes.empty() && rung.ledger.empty()) return std::nullopt;
  return of_rung(witnessed, rung)
      .with(measure::list("trace", causes))
      .with(measure::list("ledger", rung.ledger));
}

void tell(Findings& findings, const std::vector<Ladder>& ladders, double zero) {
  for (const Ladder& ladder : ladders)
    for (const Rung& rung : ladder.rungs)
      findings.push_back(
          found_of(rung_done, ladder.device, measures_of(ladder, rung, zero))
              .seen_in({record::file::timeline, record::event::ResetAction::name, std::nullopt}));
  for (const Ladder& ladder : ladders)
    findings.push_back(found_of(ladder.at == at_production ? ladder_in_production : ladder_climbed,
                                ladder.device, measures_of(ladder)));
  for (const Ladder& ladder : ladders)
    for (const Rung& rung : ladder.rungs) {
      if (rung.outcome != Ran::done && !rung.error.empty())
        findings.push_back(
            of_rung(action_error, rung).with(measure::text("outcome", to_string(rung.outcome))));
      if (auto witnesses = witnesses_of(rung)) findings.push_back(*std::move(witnesses));
    }
}

Findings judge_all(const evidence::Run& run, const std::vector<Ladder>& ladders,
                   const Wanted& wanted) {
  Findings findings;
  for (const Ladder& ladder : ladders) {
    const bool again = ladder.at == at_production && !is_model(run, ladder.device);
    const Rung* before = nullptr;
    for (const Rung& rung : ladder.rungs) {
      judge_rung(findings, rung, before, wanted, again);
      before = &rung;
    }
    judge_ladder(findings, ladder, wanted);
  }
  for (auto& lost : lost_servers(run)) findings.push_back(std::move(lost));
  return findings;
}

Wanted read(const json& parameters) {
  const auto ready = parse_duration(evidence::text_of(parameters, "ready"));
  return {.ready_ms = ready.value_or(Seconds(1)).count() * 1000,
          .lies_fail = evidence::text_of(parameters, "lies") != "tell",
          .must_stop = evidence::text_of(parameters, "expect") == "stopped"};
}

std::optional<std::string> skips_resets(const scenario::RunPlan& plan) {
  const auto& steps = plan.scenario.steps;
  if (!steps.production.empty() || !steps.before_drivers.empty()) return std::nullopt;
  return "no reset was asked for";
}

/// Nothing was wrong: one ladder tells what it showed, several that they did.
Finding conclusion(const std::vector<Ladder>& ladders, const Findings& judged, Measures counts) {
  if (ladders.size() == 1) {
    const Ladder& only = ladders.front();
    return found_of(only.at == at_production ? works_in_production : one_ladder, only.device,
                    measures_of(only));
  }
  std::uint64_t lies = 0;
  for (const Finding& finding : judged) {
    if (finding.code != no_effect_told.name || lies++ > 0) continue;
    counts.push_back(measure::text("first_device", finding.subject.name));
    for (const char* key : {"do", "method", "lie"}) counts.push_back(*find(finding.measures, key));
  }
  counts.push_back(measure::count("lies", lies));
  return found(kept_word, std::move(counts));
}

Findings judge_resets(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  const double zero = points.handover.value_or(0);
  const auto ladders = ladders_of(run, attribute(run));
  const Findings others = other_resets(run, ladders, zero);
  if (ladders.empty()) {
    const auto step = stuck_step(run);
    Findings findings{found(not_done, {step ? measure::text("stuck", *step)
                                            : measure::text("cut_off", points.cut_off())})};
    findings.insert(findings.end(), others.begin(), others.end());
    return findings;
  }
  std::uint64_t actions = 0;
  std::set<std::string> devices;
  for (const Ladder& ladder : ladders) {
    actions += ladder.rungs.size();
    devices.insert(ladder.device);
  }
  const Measures counts{measure::count("actions", actions),
                        measure::count("devices", devices.size())};
  Findings findings;
  tell(findings, ladders, zero);
  findings.insert(findings.end(), others.begin(), others.end());
  const Findings judged = judge_all(run, ladders, read(parameters));
  findings.insert(findings.end(), judged.begin(), judged.end());
  if (std::none_of(judged.begin(), judged.end(),
                   [](const Finding& finding) { return finding.verdict.has_value(); }))
    findings.push_back(conclusion(ladders, judged, counts));
  findings.push_back(found(all_actions));
  findings.back().control = counts;
  return findings;
}

using Type = scenario::ParameterSpec::Type;
const Check check_bus_reset{
    .name = "bus.reset",
    .question =
        "Did each reset do what it reported: DMA over, registers at their defaults, "
        "configuration restored, the device ready in time and working afterwards?",
    .skips = skips_resets,
    .needs = {&need::agent, &need::actions, &need::strays, &need::control, &need::feeds,
              &need::trace, &need::ledgers},
    .codes = codes(),
    .phrases = phrases(),
    .parameters = {{.name = "ready",
                    .type = Type::duration,
                    .choices = {},
                    .fallback = "1s",
                    .meaning = "longest time until the device is ready after a reset (PCIe 6.0, "
                               "6.6.1: 1 s)"},
                   {.name = "expect",
                    .type = Type::choice,
                    .choices = {"any", "stopped"},
                    .fallback = "any",
                    .meaning = "`stopped`: some action must stop every device, also outside a "
                               "ladder"},
                   {.name = "lies",
                    .type = Type::choice,
                    .choices = {"fail", "tell"},
                    .fallback = "fail",
                    .meaning =
                        "what an action that reports success and has no effect does: fail the "
                        "check, or only be told"}},
    .judge = judge_resets};
const Registration register_bus_reset(check_bus_reset);

}  // namespace

}  // namespace quiesce::checks::reset
