// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/audio.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// One device's result.
struct WorkFinding {
  Verdict verdict = Verdict::pass;
  std::string line;  ///< begins with the device's name
  json numbers = json::object();
};

std::string kind_of(const scenario::PlannedDevice& device) {
  const std::string kind = evidence::text_of(device.profile.test, "kind");
  return kind == "none" ? std::string() : kind;
}

bool is_tested(const scenario::PlannedDevice& device) {
  return device.driver_in_capture && !kind_of(device).empty();
}

std::optional<record::event::TestResult> result_of(const evidence::Run& run,
                                                   const std::string& device, double after) {
  std::optional<record::event::TestResult> last;
  for (const auto& result : run.events<record::event::TestResult>())
    if (result.t >= after && result.device == device) last = result;
  return last;
}

bool was_asked(const evidence::Run& run, const std::string& device) {
  const auto requests = run.said<record::request::Test>("capture");
  return std::any_of(requests.begin(), requests.end(),
                     [&](const auto& request) { return request.device == device; });
}

/// Frames of the capture kernel that came out of the machine.
void look_outside_net(WorkFinding& finding, const evidence::Run& run, const Story& story,
                      const std::string& device) {
  const auto echoes = run.events<record::event::Echo>();
  const auto out =
      static_cast<std::uint64_t>(std::count_if(echoes.begin(), echoes.end(), [&](const auto& echo) {
        return echo.t >= *story.capture_entry && echo.device == device;
      }));
  finding.numbers["frames_out"] = out;
  finding.line += fmt::format("; {} came out", count(out, "frame"));
  if (out == 0) finding.verdict = Verdict::fail;
}

/// The test's tone in what the sound device played. Production plays another one.
void look_outside_sound(WorkFinding& finding, const evidence::Run& run,
                        const scenario::PlannedDevice& device) {
  constexpr double capture_hertz = 880;
  constexpr double production_hertz = 440;
  constexpr double enough = 0.3;  // seconds; of one played, 0.8 were heard under emulation
  const double hertz = evidence::number_of(device.profile.test, "hertz").value_or(capture_hertz);
  const double before = evidence::number_of(device.activity, "hertz").value_or(production_hertz);
  const auto doubt = [&](const std::string& why) {
    finding.verdict = Verdict::inconclusive;
    finding.line += "; " + why;
  };
  if (device.busy && hertz == before)
    return doubt(
        fmt::format("production played {:.0f} Hz as well, so its tone proves nothing", hertz));
  const auto seconds = tone_seconds(run, device.name, hertz);
  if (!seconds) return doubt(seconds.error().describe());
  finding.numbers["tone_s"] = *seconds;
  finding.line += fmt::format("; {:.0f} Hz was heard for {:.1f} s", hertz, *seconds);
  if (*seconds < enough) finding.verdict = Verdict::fail;
}

WorkFinding missing(const evidence::Run& run, const Story& story, const std::string& device) {
  WorkFinding finding;
  if (const auto step = stuck_step(run)) {
    finding.verdict = *step == record::mark::tests ? Verdict::fail : Verdict::inconclusive;
    finding.line = device +
                   (was_asked(run, device) ? ": its test never ended, " : ": it was not tested, ") +
                   stuck_in(*step);
    return finding;
  }
  const bool hung = story.finished() && was_asked(run, device);
  finding.verdict = hung ? Verdict::fail : Verdict::inconclusive;
  finding.line = device + (hung ? ": its test never ended" : ": it was not tested");
  if (!hung) finding.line += " (" + story.cut_off() + ")";
  return finding;
}

WorkFinding judge_work_of(const evidence::Run& run, const Story& story,
                          const scenario::PlannedDevice& device) {
  const auto result = result_of(run, device.name, *story.capture_entry);
  if (!result) return missing(run, story, device.name);
  const auto ok = result->ok;
  const std::string detail = result->detail.value_or("");
  WorkFinding finding;
  if (const auto& numbers = result->numbers; numbers && numbers->is_object())
    for (const auto& [key, value] : numbers->items())
      if (value.is_number()) finding.numbers[key] = value;
  finding.line = fmt::format("{}: {} {}{}", device.name, kind_of(device),
                             ok == true ? "works"
                             : ok       ? "failed"
                                        : "gave no verdict",
                             detail.empty() ? "" : ": " + shorten(detail, 200));
  finding.verdict = ok == true ? Verdict::pass : ok ? Verdict::fail : Verdict::inconclusive;
  if (ok != true) return finding;
  const auto witness = scenario::test_of(device).witness;
  if (witness == scenario::Witness::frames) look_outside_net(finding, run, story, device.name);
  if (witness == scenario::Witness::tone) look_outside_sound(finding, run, device);
  return finding;
}

CheckResult fold_findings(const std::vector<WorkFinding>& findings) {
  for (const Verdict worst : {Verdict::fail, Verdict::inconclusive}) {
    const auto of = std::count_if(findings.begin(), findings.end(),
                                  [&](const auto& f) { return f.verdict == worst; });
    const auto first = std::find_if(findings.begin(), findings.end(),
                                    [&](const auto& f) { return f.verdict == worst; });
    if (first == findings.end()) continue;
    return verdict(worst, first->line + (of > 1 ? fmt::format(" (and {} more)", of - 1) : ""));
  }
  return verdict(Verdict::pass,
                 count(findings.size(), "device") + (findings.size() == 1 ? " works" : " work"));
}

std::optional<std::string> skips_works(const scenario::RunPlan& plan) {
  if (!plan.scenario.steps.tests || !plan.scenario.steps.drivers)
    return "the plan tests no device in the capture kernel";
  if (std::none_of(plan.devices.begin(), plan.devices.end(), is_tested))
    return "no device of the plan has a function test and a driver in the capture kernel";
  return std::nullopt;
}

CheckResult judge_works(const evidence::Run& run, const json&) {
  const auto& plan = run.plan;
  const Story points = story(run);
  if (!points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel did not reach userspace");
  std::vector<WorkFinding> findings;
  json numbers = json::object();
  for (const auto& device : plan.devices) {
    if (!is_tested(device)) continue;
    findings.push_back(judge_work_of(run, points, device));
    numbers["devices"][device.name] = findings.back().numbers;
  }
  CheckResult result = fold_findings(findings);
  for (const WorkFinding& finding : findings) result.details.push_back(finding.line);
  result.numbers = std::move(numbers);
  return result;
}

const Check check_device_works{
    .name = "device.works",
    .question =
        "Does each device do its work in the capture kernel: does its function test pass, and is "
        "it seen from outside where it can be?",
    .skips = skips_works,
    .needs = {&need::agent, &need::tests},
    .parameters = {},
    .judge = judge_works};
const Registration register_device_works(check_device_works);

}  // namespace

}  // namespace quiesce::checks
