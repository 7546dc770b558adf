// SPDX-License-Identifier: GPL-2.0-or-later
// Resets of devices: which happened, by whom, and whether they did what they promise.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "harness/base/units.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/reset_ladder.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
using Dma = Rung::Dma;
using Ran = Rung::Ran;

struct Findings {
  std::vector<std::string> failures, doubts;
  std::vector<std::string> told;  ///< lies that are not to fail
};

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

/// What it did not do though it reported success; empty when it kept its word. In the production
/// kernel a driver may have set the device to work again; nobody does that to a model in the
/// meantime.
std::string lie_of(const Rung& rung, bool may_write_again) {
  if (rung.outcome != Ran::done) return {};
  const bool writes = rung.dma == Dma::writing && !may_write_again;
  if (rung.action == "bus-master-off" && writes)
    return " cleared its Bus Master, and the device still writes";  // PCIe 6.0, 7.5.1.1.3
  if (!rung.is_reset()) return {};
  const std::string text = " reported success and had no effect";
  if (writes) return text + ", the device still writes";
  if (rung.defaults == false) return text + ", its registers are not reset";
  if (rung.ledger_denies) return text + " by the device's own ledger";
  return {};
}

/// PCIe 6.0, 6.6.1 and 6.6.2: 1 s after a reset a function that still is not ready is broken.
void judge_readiness(Findings& findings, const Rung& rung, const Rung* before,
                     const Wanted& wanted) {
  const std::string who = rung.device + ": " + rung.what();
  const bool was_lost = before != nullptr && before->outcome == Ran::lost;
  if (rung.outcome == Ran::lost && !was_lost)
    findings.failures.push_back(rung.does_something()
                                    ? who + " left it not ready for ever: " + shorten(rung.error)
                                    : rung.device + " does not answer before anything was done");
  if (!rung.does_something() || rung.outcome != Ran::done) return;
  if (rung.ready_ms && *rung.ready_ms > wanted.ready_ms)
    findings.failures.push_back(
        fmt::format("{} took {:.0f} ms until it was ready", who, *rung.ready_ms));
  else if (rung.silent_ms)
    (*rung.silent_ms > wanted.ready_ms ? findings.failures : findings.doubts)
        .push_back(
            fmt::format("{}: its registers did not answer {:.0f} ms later", who, *rung.silent_ms));
  // A device that is found anew starts with what the kernel gives it.
  if (rung.restored == false && rung.action != "remove-rescan")
    findings.failures.push_back(
        who + " lost its configuration, and " +
        (rung.action == "reset" ? "the kernel did not restore it" : "it could not be restored"));
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
    findings.doubts.push_back(
        fmt::format("{}: {} reported success, and QEMU's trace has no write "
                    "that does it",
                    rung.device, rung.what()));
}

void judge_rung(Findings& findings, const Rung& rung, const Rung* before, const Wanted& wanted,
                bool may_write_again) {
  const std::string who = rung.device + ": " + rung.what();
  if (const std::string lie = lie_of(rung, may_write_again); !lie.empty())
    (wanted.lies_fail ? findings.failures : findings.told).push_back(who + lie);
  if (rung.outcome == Ran::failed && rung.does_something())
    findings.failures.push_back(who + " failed: " + shorten(rung.error));
  if (rung.outcome == Ran::unknown) findings.doubts.push_back(who + ": nothing says how it went");
  judge_readiness(findings, rung, before, wanted);
  judge_trace(findings, rung);
}

/// What nobody knows of the device's DMA; without it the ladder's answer would be a guess.
void doubt_dma(Findings& findings, const Ladder& ladder) {
  for (const Rung& rung : ladder.rungs) {
    const std::string after = " after " + rung.what();
    if (rung.dma == Dma::unknown)
      findings.doubts.push_back("nobody watched long enough whether " + ladder.device +
                                " still wrote" + after);
    if (rung.dma == Dma::dry)
      findings.doubts.push_back(ladder.device + " had nothing to write" + after +
                                ": no frame or no buffer was left");
    if (rung.dma == Dma::ended)
      findings.doubts.push_back(ladder.device + " went quiet" + after +
                                ", which cannot have stopped it");
  }
  if (!ladder.was_seen_writing())
    findings.doubts.push_back(ladder.device + " was not seen to write before an action");
}

void judge_ladder(Findings& findings, const Ladder& ladder, const Wanted& wanted) {
  const Rung& last = ladder.rungs.back();
  if (ladder.works == false)
    findings.failures.push_back(ladder.device + " does not work after " + last.what());
  if (ladder.at == at_production) {
    // Its DMA is to go on there, and without a ledger nobody watches it before the handover.
    if (!ladder.works)
      findings.doubts.push_back("nothing shows that " + ladder.device + " works after " +
                                last.what() + " in the production kernel");
    return;
  }
  doubt_dma(findings, ladder);
  if (std::none_of(
          ladder.rungs.begin(), ladder.rungs.end(),
          [](const Rung& rung) { return rung.does_something() && rung.outcome != Ran::refused; }) &&
      std::any_of(ladder.rungs.begin(), ladder.rungs.end(),
                  [](const Rung& rung) { return rung.does_something(); }))
    findings.doubts.push_back("nothing that was asked for could be done to " + ladder.device);
  if (!ladder.was_seen_writing()) return;
  if ((ladder.climb || wanted.must_stop) && ladder.stopped_by() == nullptr) {
    (last.dma == Dma::writing ? findings.failures : findings.doubts)
        .push_back(ladder.device + " was stopped by no rung");
  } else if (ladder.climb && ladder.brought_back_by() == nullptr && ladder.works != false) {
    findings.doubts.push_back(ladder.device + " was brought back by no rung");
  }
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
void list_others(CheckResult& result, const evidence::Run& run, const std::vector<Ladder>& ladders,
                 double zero) {
  std::vector<std::string> lines;
  const auto handover = run.mark(record::mark::handover);
  for (const auto& device : run.plan.devices) {
    if (!handover) break;
    for (const Ending& ending : endings(run, device, *handover))
      if (ending.stops() && ending.cause != Ending::Cause::bus_master_cleared &&
          ending.cause != Ending::Cause::device_stopped && !within(ladders, device.name, ending.t))
        lines.push_back(fmt::format("seen at {:+.2f} s: {}: {}", ending.t - zero, device.name,
                                    to_string(ending.cause)));
  }
  for (const auto& [device, ledger] : run.ledgers) {
    if (!ledger.timed) continue;
    for (const auto* entry : ledger.events<record::ledger::Reset>()) {
      const auto reset = entry->as<record::ledger::Reset>();
      // QEMU resets its devices when the machine starts.
      if (reset.kind == "device" && (!handover || entry->t < *handover)) continue;
      if (within(ladders, device, entry->t)) continue;
      lines.push_back(fmt::format("ledger of {} at {:+.2f} s: {} {}", device, entry->t - zero,
                                  reset.kind,
                                  reset.effect == false ? "without effect" : "with effect"));
    }
  }
  result.numbers["seen"] = lines.size();
  append_capped(result.details, lines);
}

/// Who did it, by the two witnesses that are not the agent.
std::string witnesses_of(const Rung& rung) {
  std::vector<std::string> words;
  for (const Ending& ending : rung.trace) {
    const std::string one = std::string("QEMU's trace: ") + word(ending.cause);
    if (std::find(words.begin(), words.end(), one) == words.end()) words.push_back(one);
  }
  for (const std::string& one : rung.ledger) words.push_back("its ledger: " + one);
  return words.empty() ? std::string()
                       : fmt::format("{}: {}: {}", rung.device, rung.what(), list_words(words));
}

void tell(CheckResult& result, const std::vector<Ladder>& ladders, double zero) {
  append_capped(result.details, table_of(ladders, zero), 200);
  for (const Ladder& ladder : ladders) {
    result.details.push_back(summary_of(ladder));
    result.numbers["ladder"].push_back(numbers_of(ladder, zero));
  }
  for (const Ladder& ladder : ladders)
    for (const Rung& rung : ladder.rungs) {
      if (rung.outcome != Ran::done && !rung.error.empty())
        result.details.push_back(fmt::format("{}: {} {}: {}", rung.device, rung.what(),
                                             to_string(rung.outcome), shorten(rung.error)));
      if (std::string witnesses = witnesses_of(rung); !witnesses.empty())
        result.details.push_back(std::move(witnesses));
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
  for (const auto& what : lost_servers(run)) findings.doubts.push_back(what);
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

CheckResult judge_resets(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  const double zero = points.handover.value_or(0);
  const auto ladders = ladders_of(run, attribute(run));
  CheckResult result = verdict(Verdict::inconclusive,
                               "no reset that the plan asks for was done: " + points.cut_off());
  if (ladders.empty()) {
    if (const auto step = stuck_step(run)) result.reason = "no reset was done: " + stuck_in(*step);
    list_others(result, run, ladders, zero);
    return result;
  }
  result.numbers["ladder"] = json::array();
  std::size_t actions = 0;
  std::set<std::string> devices;
  for (const Ladder& ladder : ladders) {
    actions += ladder.rungs.size();
    devices.insert(ladder.device);
  }
  tell(result, ladders, zero);
  list_others(result, run, ladders, zero);
  const Findings findings = judge_all(run, ladders, read(parameters));
  result.control =
      fmt::format("{} on {}", count(actions, "action"), count(devices.size(), "device"));
  const auto& why = findings.failures.empty() ? findings.doubts : findings.failures;
  result.verdict = !findings.failures.empty() ? Verdict::fail
                   : !why.empty()             ? Verdict::inconclusive
                                              : Verdict::pass;
  if (!why.empty())
    result.reason =
        why.front() + (why.size() > 1 ? fmt::format(" (and {} more)", why.size() - 1) : "");
  else
    result.reason = ladders.size() == 1 ? summary_of(ladders.front())
                    : findings.told.empty()
                        ? result.control + ": each did what it reported, or was refused"
                        : fmt::format("{}; {} without effect, which is told and not judged: {}",
                                      result.control, findings.told.size(), findings.told.front());
  append_capped(result.details, findings.told);
  result.numbers["lies"] = findings.told.size();
  return result;
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

}  // namespace quiesce::checks
