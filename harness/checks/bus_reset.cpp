// SPDX-License-Identifier: GPL-2.0-or-later
// Resets of devices: which happened, by whom, and whether they did what they promise.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/base/units.hpp"
#include "harness/checks/dma_ending.hpp"
#include "harness/checks/dma_strays.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// One action on one device, with what followed.
struct Rung {
  const evidence::Event* action = nullptr;
  std::string device;
  std::uint64_t number = 0;
  double began = 0, ended = 0, settled = 0;
  bool climb = false;
  bool ok = false;
  bool control = false;  ///< it was seen to write before the action
  bool writing = false;  ///< and after it
  double last_ms = 0;    ///< of the last write after the action's begin
  std::optional<bool> defaults, restored, works;
  std::optional<double> ready_ms;
  bool never_ready = false;

  std::string what() const {
    const std::string method = action->text("method");
    return action->text("do") + (method.empty() ? "" : " " + method);
  }
  /// It promised to end DMA.
  bool promises() const { return action->text("do") != "nothing"; }
  bool is_reset() const {
    const std::string what = action->text("do");
    return what == "reset" || what == "hot-reset";
  }
};

/// Writes by the ledger in (from, to], where it has times.
void look_into_ledger(Rung& rung, const evidence::Run& run) {
  const auto found = run.ledgers.find(rung.device);
  if (found == run.ledgers.end() || !found->second.timed) return;
  for (const auto& write : found->second.writes) {
    if (write.t <= rung.began) rung.control = rung.control || write.t >= rung.began - 5;
    if (write.t > rung.began && write.t <= rung.settled)
      rung.last_ms = std::max(rung.last_ms, (write.t - rung.began) * 1000);
    if (write.t > rung.ended && write.t <= rung.settled) rung.writing = true;
  }
}

/// Stray writes of the device: only passes that began after the action's end count against it.
void look_into_strays(Rung& rung, const evidence::Run& run, const Attribution& who) {
  constexpr double window = 5;  // seconds before the action in which a write is a control
  for (std::size_t i = 0; i < run.strays.size(); ++i) {
    const auto& stray = run.strays[i];
    const auto& devices = who.strays[i].devices;
    if (std::find(devices.begin(), devices.end(), rung.device) == devices.end()) continue;
    if (stray.t <= rung.ended && stray.t >= rung.began - window) rung.control = true;
    if (stray.since >= rung.ended && stray.t <= rung.settled + 0.5) {
      rung.writing = true;
      rung.last_ms = std::max(rung.last_ms, (stray.t - rung.began) * 1000);
    }
  }
}

/// The event of that name that belongs to the action: the first of its device and number after it.
const evidence::Event* following(const evidence::Run& run, const char* name, const Rung& rung) {
  for (const auto* event : run.events(name))
    if (event->t >= rung.settled && event->text("device") == rung.device &&
        evidence::whole_of(event->fields, "number") == rung.number)
      return event;
  return nullptr;
}

Rung rung_of(const evidence::Run& run, const evidence::Event& action, const Attribution& who) {
  Rung rung;
  rung.action = &action;
  rung.device = action.text("device");
  rung.number = evidence::whole_of(action.fields, "number").value_or(0);
  rung.began = action.number("began").value_or(action.t);
  rung.ended = action.number("ended").value_or(rung.began);
  rung.settled = action.number("settled").value_or(rung.ended);
  rung.climb = evidence::flag_of(action.fields, "climb").value_or(false);
  rung.ok = evidence::flag_of(action.fields, "ok").value_or(false);
  rung.restored = evidence::flag_of(action.fields, "restored");
  rung.ready_ms = action.number("ready_ms");
  rung.never_ready = action.fields.contains("ready_ms") && !rung.ready_ms;
  look_into_strays(rung, run, who);
  look_into_ledger(rung, run);
  if (const auto* state = following(run, record::event::reset_state, rung)) {
    rung.defaults = evidence::flag_of(state->fields, "defaults");
    if (evidence::flag_of(state->fields, "answers") == false) rung.works = false;
  }
  if (const auto* probe = following(run, record::event::reset_probe, rung))
    rung.works = evidence::flag_of(probe->fields, "works");
  return rung;
}

std::string describe(const Rung& rung, double handover) {
  std::string text = fmt::format("{:<16} {:>2} {:<18} {:+8.2f} s  ", rung.device, rung.number,
                                 rung.what(), rung.began - handover);
  if (!rung.ok) return text + "refused: " + shorten(rung.action->text("error"), 100);
  const bool back = !rung.writing && rung.works == true;
  text += fmt::format("{:<14}", rung.writing    ? "still writing"
                                : back          ? "brought back"
                                : !rung.control ? "was quiet"
                                                : "stopped");
  if (rung.control) text += fmt::format("  last write {:6.0f} ms", rung.last_ms);
  if (rung.ready_ms) text += fmt::format("  ready {:6.0f} ms", *rung.ready_ms);
  if (rung.never_ready) text += "  never ready";
  if (rung.defaults) text += *rung.defaults ? "  registers reset" : "  registers not reset";
  if (rung.restored == false) text += "  not restored";
  if (rung.works) text += *rung.works ? "  works" : "  does not work";
  return text;
}

json numbers_of(const Rung& rung) {
  json numbers{{"number", rung.number},
               {"do", rung.action->text("do")},
               {"method", rung.action->text("method")},
               {"ok", rung.ok},
               {"stopped", !rung.writing && rung.control},
               {"stopped_after_ms", rung.writing || !rung.control ? json() : json(rung.last_ms)},
               {"ready_ms", rung.ready_ms ? json(*rung.ready_ms) : json()},
               {"works", rung.works ? json(*rung.works) : json()},
               {"error", rung.action->text("error")}};
  if (rung.defaults) numbers["defaults"] = *rung.defaults;
  if (rung.restored) numbers["restored"] = *rung.restored;
  return numbers;
}

/// A method that says it succeeded and did nothing.
bool is_lie(const Rung& rung) {
  return rung.ok && rung.is_reset() && ((rung.control && rung.writing) || rung.defaults == false);
}

struct Findings {
  std::vector<std::string> failures, doubts;
};

/// PCIe 6.0, 6.6.1 and 6.6.2: 1 s after a reset a function that still is not ready is broken.
void judge_rung(Findings& findings, const Rung& rung, double ready, bool lies_fail) {
  const std::string who = rung.device + ": " + rung.what();
  if (!rung.ok || !rung.promises()) return;
  if (is_lie(rung) && lies_fail)
    findings.failures.push_back(
        who + " reported success and had no effect" +
        (rung.writing ? ", the device still writes" : ", its registers are not reset"));
  if (rung.never_ready)
    findings.failures.push_back(who + " left it not ready for ever");
  else if (rung.ready_ms && *rung.ready_ms > ready * 1000)
    findings.failures.push_back(
        fmt::format("{} took {:.0f} ms until it was ready", who, *rung.ready_ms));
  if (rung.restored == false)
    findings.failures.push_back(who + " lost its configuration, and the kernel did not restore it");
}

/// Without a probe the function test at the end says whether the device works.
std::optional<bool> works_at_last(const evidence::Run& run, const Rung& last) {
  if (last.works) return last.works;
  std::optional<bool> works;
  for (const auto* test : run.events(record::event::test_result))
    if (test->t >= last.settled && test->text("device") == last.device)
      works = evidence::flag_of(test->fields, "ok");
  return works;
}

void judge_device(Findings& findings, const evidence::Run& run, const std::vector<Rung>& rungs,
                  bool must_stop, json& ladder) {
  const Rung& last = rungs.back();
  const auto works = works_at_last(run, last);
  json line{{"device", last.device},
            {"rungs", json::array()},
            {"stopped_by", nullptr},
            {"brought_back_by", nullptr}};
  bool control = false;
  for (const Rung& rung : rungs) {
    control = control || rung.control;
    line["rungs"].push_back(numbers_of(rung));
    if (line["stopped_by"].is_null() && rung.control && !rung.writing)
      line["stopped_by"] = rung.what();
    const bool works_here = rung.works == true || (&rung == &last && works == true);
    if (line["brought_back_by"].is_null() && !rung.writing && works_here)
      line["brought_back_by"] = rung.what();
  }
  if (works == false)
    findings.failures.push_back(last.device + " does not work after " + last.what());
  if (!control)
    findings.doubts.push_back(last.device + " was not seen to write before an action");
  else if ((last.climb || must_stop) && line["stopped_by"].is_null())
    findings.failures.push_back(last.device + " was stopped by no rung");
  else if (last.climb && line["brought_back_by"].is_null())
    (works ? findings.failures : findings.doubts)
        .push_back(last.device + " was brought back by no rung");
  ladder.push_back(std::move(line));
}

/// Resets that nobody asked for by a step: by drivers, by the kernel, and what ledgers noted.
void list_others(CheckResult& result, const evidence::Run& run, double handover) {
  std::vector<std::string> lines;
  for (const auto& device : run.plan.devices)
    for (const Ending& ending : endings(run, device, handover))
      if (ending.stops() && ending.cause != Ending::Cause::bus_master_cleared &&
          ending.cause != Ending::Cause::device_stopped)
        lines.push_back(fmt::format("seen at {:+.2f} s: {}: {}", ending.t - handover, device.name,
                                    to_string(ending.cause)));
  for (const auto& [device, ledger] : run.ledgers)
    for (const auto* reset : ledger.events("reset"))
      lines.push_back(fmt::format(
          "ledger of {} at {:+.2f} s: {} {}", device, reset->t - handover,
          evidence::text_of(reset->fields, "kind"),
          evidence::flag_of(reset->fields, "effect") == false ? "without effect" : "with effect"));
  result.numbers["seen"] = lines.size();
  append_capped(result.details, lines);
}

CheckResult judge_resets(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  const double handover = points.handover.value_or(points.end);
  const auto actions = run.events(record::event::reset_action);
  CheckResult result = verdict(Verdict::pass, "");
  if (actions.empty()) {
    result = verdict(Verdict::skip, "no reset was asked for");
    list_others(result, run, handover);
    return result;
  }
  const auto who = attribute(run);
  std::map<std::string, std::vector<Rung>> rungs;
  for (const auto* action : actions)
    rungs[action->text("device")].push_back(rung_of(run, *action, who));
  const double ready =
      parse_duration(evidence::text_of(parameters, "ready")).value_or(Seconds(1)).count();
  const bool lies_fail = evidence::text_of(parameters, "lies") != "tell";
  Findings findings;
  result.numbers["ladder"] = json::array();
  for (const auto& [device, list] : rungs) {
    for (const Rung& rung : list) {
      result.details.push_back(describe(rung, handover));
      judge_rung(findings, rung, ready, lies_fail);
    }
    judge_device(findings, run, list, evidence::text_of(parameters, "expect") == "stopped",
                 result.numbers["ladder"]);
  }
  list_others(result, run, handover);
  result.control =
      fmt::format("{} on {}", count(actions.size(), "action"), count(rungs.size(), "device"));
  const auto& why = findings.failures.empty() ? findings.doubts : findings.failures;
  if (why.empty()) {
    result.reason = result.control + ": each did what it reported";
    return result;
  }
  result.verdict = findings.failures.empty() ? Verdict::inconclusive : Verdict::fail;
  result.reason =
      why.front() + (why.size() > 1 ? fmt::format(" (and {} more)", why.size() - 1) : "");
  return result;
}

using Type = scenario::ParameterSpec::Type;
const Check check{
    .name = "bus.reset",
    .question =
        "Did each reset do what it reported: DMA over, registers at their defaults, "
        "configuration restored, the device ready in time and working afterwards?",
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
                    .meaning = "what a reset that reports success and has no effect does: fail the "
                               "check, or only be told"}},
    .judge = judge_resets};
const Registration registration(check);

}  // namespace

}  // namespace quiesce::checks
