// SPDX-License-Identifier: GPL-2.0-or-later
// From the verdicts of the checks to the outcome of the run.
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/sentences.hpp"
#include "harness/checks/starvation.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/result.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// What the harness, not the kernel, did wrong: nothing, an error, or the user's stop.
struct Fault {
  Outcome outcome = Outcome::pass;  ///< pass: no fault
  std::string reason;
};

/// Of a deadline that was missed, whose doing it may be: "; QEMU waited 280 s for a processor".
std::string hosts_part(const evidence::Run& run, double until) {
  const auto cores = cores_between(run, 0, until);
  if (!cores || !cores->starved()) return {};
  return fmt::format(
      "; QEMU waited {:.0f} s for a processor and had one for {:.0f} s: run fewer "
      "at once",
      cores->waited_s, cores->had_s);
}

std::string last_error(const evidence::Run& run, std::string& phase) {
  const auto errors = run.events<record::event::Failure>();
  if (errors.empty()) return "it says no reason";
  const auto& last = errors.back();
  if (!last.phase.empty()) phase = last.phase;
  const std::string message = last.message.empty() ? last.code : last.message;
  return last.code == to_string(Errc::timeout) ? message + hosts_part(run, last.t) : message;
}

Fault fault_of(const evidence::Run& run, const Story& story, std::string& phase) {
  if (story.ended == "interrupted")
    return {Outcome::interrupted,
            fmt::format("stopped by the user after {:.1f} s {}", story.end,
                        phase.empty() ? "before its first phase" : "in phase " + phase)};
  if (story.ended.empty()) return {Outcome::error, story.cut_off()};
  if (!story.finished()) {
    const std::string message = last_error(run, phase);
    return {Outcome::error, phase.empty() ? message : "phase " + phase + ": " + message};
  }
  // A kernel that never got as far as the panic says nothing about its crash.
  if (!story.handover && !run.mark(record::mark::production) && !story.panic)
    return {Outcome::error, fmt::format("the production kernel was never ready to crash: the run "
                                        "ended in phase {} after {:.1f} s{}",
                                        phase.empty() ? "(none)" : phase, story.end,
                                        run.serial.empty() ? ", and the serial line said nothing"
                                                           : "; the last line was: " +
                                                                 shorten(run.serial.back().text))};
  return {};
}

bool fits(const json& value, const scenario::ParameterSpec& parameter) {
  using Type = scenario::ParameterSpec::Type;
  switch (parameter.type) {
    case Type::boolean:
      return value.is_boolean();
    case Type::number:
      return value.is_number();
    case Type::list:
      return value.is_array();
    case Type::choice:
      return value.is_string() &&
             std::find(parameter.choices.begin(), parameter.choices.end(),
                       value.get_ref<const std::string&>()) != parameter.choices.end();
    case Type::duration:
    case Type::text:
      return value.is_string();
  }
  return false;
}

/// Every parameter of the check: the plan's value where it is of the right type, else the default.
json filled_in(const Check& check, const json& given) {
  json parameters = json::object();
  for (const auto& parameter : check.parameters) {
    const json& value = evidence::member_of(given, parameter.name);
    parameters[parameter.name] = fits(value, parameter) ? value : parameter.fallback;
  }
  return parameters;
}

/// The gate: before a check runs, whether it applies and whether what it needs is there and whole.
Findings run_check(const Course& course, const Check& check, const json& parameters) {
  if (check.skips != nullptr && doubts_of_plan(course.run).empty())
    if (auto why = check.skips(course.run.plan))
      return {found(code::not_applicable, {measure::text("why", *std::move(why))})};
  Findings gaps = gaps_of(course, check);
  if (!gaps.empty()) return gaps;
  return without_the_hosts_part(course, check, check.judge(course.run, parameters));
}

std::vector<CheckResult> run_checks(const evidence::Run& run) {
  const Course course(run);
  const auto& wanted = run.plan.scenario.checks;
  std::vector<CheckResult> results;
  for (const Check* check : registry()) {
    const auto asked = wanted.find(check->name);
    if (!wanted.empty() && asked == wanted.end()) continue;
    const json given = asked == wanted.end() ? json() : asked->second;
    results.push_back(
        conclude(check->name, check, run_check(course, *check, filled_in(*check, given))));
  }
  for (const auto& entry : wanted) {
    const std::string& name = entry.first;
    const bool known = std::any_of(registry().begin(), registry().end(),
                                   [&](const Check* check) { return check->name == name; });
    if (known) continue;
    results.push_back(conclude(name, nullptr, {found(code::unknown_check)}));
  }
  return results;
}

/// The first check of the worst verdict decides.
void fold(RunResult& result) {
  struct Rank {
    Verdict verdict;
    Outcome outcome;
  };
  constexpr Rank ranks[] = {{Verdict::fail, Outcome::fail},
                            {Verdict::inconclusive, Outcome::inconclusive},
                            {Verdict::pass, Outcome::pass},
                            {Verdict::skip, Outcome::skip}};
  for (const Rank& rank : ranks) {
    const auto decides =
        std::find_if(result.checks.begin(), result.checks.end(),
                     [&](const CheckResult& check) { return check.verdict == rank.verdict; });
    if (decides == result.checks.end()) continue;
    result.outcome = rank.outcome;
    if (rank.verdict != Verdict::pass) result.reason = decides->name + ": " + decides->reason;
    const auto passed = static_cast<std::uint64_t>(
        std::count_if(result.checks.begin(), result.checks.end(),
                      [](const auto& check) { return check.verdict == Verdict::pass; }));
    if (rank.verdict == Verdict::pass) result.reason = count(passed, "check") + " passed";
    return;
  }
  result.outcome = Outcome::skip;
  result.reason = "the plan has no check";
}

record::ResultAbout about(const evidence::Run& run, const Story& story) {
  const auto& plan = run.plan;
  record::ResultAbout about;
  about.production = plan.production.release;
  about.capture = plan.capture.release;
  about.production_sha256 = plan.production.image_sha256;
  about.capture_sha256 = plan.capture.image_sha256;
  about.qemu = run.qemu.version;
  about.accel = plan.accel;
  about.seed = plan.scenario.seed;
  about.seconds = story.end;
  for (const auto& device : plan.devices)
    about.devices.push_back({device.name, device.profile.name, to_string(device.address)});
  for (const auto& start : run.events<record::event::RunStart>()) {
    about.version = start.version;
    // Old and foreign evidence has none.
    about.command = start.command;
    about.directory = start.directory;
  }
  about.damage = run.damage;
  return about;
}

}  // namespace

RunResult judge(const evidence::Run& run) {
  const Story points = story(run);
  RunResult result;
  result.scenario = run.plan.scenario.name;
  result.checks = run_checks(run);
  result.about = record::as_json(about(run, points));
  result.seal = run.seal;
  fold(result);
  std::string phase = points.phase;
  const Fault fault = fault_of(run, points, phase);
  if (fault.outcome != Outcome::pass) {
    result.outcome = fault.outcome;
    result.reason = fault.reason;
    result.phase = phase;
  }
  return result;
}

}  // namespace quiesce::checks
