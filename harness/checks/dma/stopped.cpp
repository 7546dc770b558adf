// SPDX-License-Identifier: GPL-2.0-or-later
// Stray writes: changes of the dead kernel's memory that no CPU made.
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/dma/decisive.hpp"
#include "harness/checks/dma/device.hpp"
#include "harness/checks/dma/lines.hpp"
#include "harness/checks/dma/needs.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// Writes of devices that are not judged one by one: untagged ones, and tags of a device that was
/// to be idle.
void add_others(CheckResult& result, std::vector<std::string>& failures, const DmaContext& context,
                const Strays& strays) {
  const double handover = *context.story.handover;
  for (const auto& [name, tally] : strays.by_device) {
    const auto& devices = context.run.plan.devices;
    if (std::any_of(devices.begin(), devices.end(), [&, &name = name](const auto& device) {
          return is_witness(context.run, device) && device.name == name;
        }))
      continue;
    result.details.push_back(name.empty()
                                 ? describe_untagged(context.run, tally, handover)
                                 : fmt::format("{}: {}", name, describe_writes(tally, handover)));
    if (tally.late.size() > 0)
      failures.push_back(fmt::format(
          "{} {} of the dead kernel after {}, the last {:.1f} s after the handover",
          name.empty() ? "writes without a tag changed" : name + " wrote",
          count(tally.late.size(), "page"), context.deadline.name, *tally.last - handover));
  }
}

/// Inconclusive causes that concern the whole watch.
std::vector<std::string> doubts_of(const DmaContext& context, const Strays& strays,
                                   CheckResult& result) {
  std::vector<std::string> doubts;
  const auto baselines = context.run.events<record::event::Baseline>();
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto& baseline) { return baseline.t >= *context.story.handover; }))
    doubts.emplace_back("no baseline of the memory was taken at the handover");
  for (const auto& [device, pages] : missed_by_watch(context.run)) {
    result.numbers["ledger_missed"][device] = pages;
    if (pages > 0)
      doubts.push_back(fmt::format("the watch missed {} that {} wrote by its own ledger",
                                   count(pages, "page"), device));
  }
  for (const auto& what : lost_servers(context.run)) doubts.push_back(what);
  const Watch watch = look_at_watch(context.run, context.story);
  result.numbers["passes"] = watch.passes;
  result.numbers["longest_gap_s"] = watch.longest_gap;
  if (!watch.problem.empty()) doubts.push_back(watch.problem);
  if (strays.all.straddling.size() > 0 &&
      strays.all.straddles_until - context.deadline.t > context.deadline.tolerance)
    doubts.push_back(fmt::format("{} changed in a pass that ended only {:.1f} s after {}",
                                 count(strays.all.straddling.size(), "page"),
                                 strays.all.straddles_until - context.deadline.t,
                                 context.deadline.name));
  return doubts;
}

CheckResult judge_against(const DmaContext& context) {
  CheckResult result;
  const double handover = *context.story.handover;
  const Strays strays = sort_strays(context.run, handover, context.deadline.t);
  add_totals(result, strays, context.deadline, handover);
  std::vector<std::string> failures;
  std::vector<std::string> doubts = doubts_of(context, strays, result);
  std::vector<std::string> controls;
  for (const auto& device : context.run.plan.devices) {
    if (!is_witness(context.run, device)) continue;
    const auto tally = strays.by_device.find(device.name);
    const DmaFinding finding =
        judge_device(context, device, tally == strays.by_device.end() ? Tally{} : tally->second);
    result.details.push_back(finding.line);
    controls.push_back(finding.control);
    result.numbers["devices"][device.name] = finding.numbers;
    if (finding.verdict == Verdict::fail) failures.push_back(finding.reason);
    if (finding.verdict == Verdict::inconclusive) doubts.push_back(finding.reason);
  }
  add_untagged_endings(result, context.run, context.story);
  add_others(result, failures, context, strays);
  control_untagged(context, strays, controls, doubts);
  if (controls.empty() && doubts.empty()) doubts.emplace_back("no device was busy");
  controls.push_back(fmt::format("watch passes: {}", result.numbers.value("passes", 0U)));
  result.control = list_words(controls);
  result.verdict = !failures.empty() ? Verdict::fail
                   : !doubts.empty() ? Verdict::inconclusive
                                     : Verdict::pass;
  const auto& why = !failures.empty() ? failures : doubts;
  if (result.verdict != Verdict::pass)
    result.reason =
        why.front() + (why.size() > 1 ? fmt::format(" (and {} more)", why.size() - 1) : "");
  else
    result.reason = fmt::format(
        "no stray write after {} ({} before it, {})", context.deadline.name,
        count(strays.all.pages.size(), "page"),
        strays.all.last ? fmt::format("the last at +{:.2f} s", *strays.all.last - handover)
                        : "none at all");
  return result;
}

/// The run was over before its deadline: what was seen until then, and why it ended.
CheckResult without_deadline(const evidence::Run& run, const Story& story,
                             const std::string& asked) {
  const double handover = *story.handover;
  const Strays strays = sort_strays(run, handover, story.end);
  CheckResult result =
      verdict(Verdict::inconclusive,
              fmt::format("the run never reached its deadline, {}; {} changed after the handover",
                          asked, count(strays.all.pages.size(), "page")));
  add_totals(result, strays, {asked, story.end}, handover);
  for (const auto& device : run.plan.devices) {
    if (!is_witness(run, device)) continue;
    const auto found = strays.by_device.find(device.name);
    const Tally tally = found == strays.by_device.end() ? Tally{} : found->second;
    const auto list = endings(run, device, handover);
    const auto why = decisive(list, tally, story.end);
    result.details.push_back(
        fmt::format("{} at {}: {}; {}", device.name, to_string(device.address),
                    describe_writes(tally, handover),
                    why ? tell(*why, list, tally, handover) : "why they ended is not known"));
    auto& numbers = result.numbers["devices"][device.name];
    numbers = {{"pages", tally.pages.size()}, {"ended", why ? word(why->cause) : "unknown"}};
    if (why) numbers["ended_s"] = why->t - handover;
    if (why && !why->stops())
      result.reason += fmt::format("; {} was not stopped: {} at +{:.2f} s", device.name,
                                   to_string(why->cause), why->t - handover);
  }
  add_untagged_endings(result, run, story);
  std::vector<std::string> late;  // nothing is late without a deadline
  add_others(result, late, {run, story, {asked, story.end}}, strays);
  return result;
}

std::optional<std::string> skips_stopped(const scenario::RunPlan& plan) {
  if (std::any_of(plan.devices.begin(), plan.devices.end(), does_dma)) return std::nullopt;
  return "no busy device of the plan does DMA";
}

CheckResult judge_stopped(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.handover)
    return verdict(Verdict::inconclusive, "there was no handover: " + points.cut_off());
  const std::string asked = evidence::text_of(parameters, "deadline");
  if (const auto deadline = find_deadline(run, points, asked))
    return judge_against({run, points, *deadline});
  return without_deadline(run, points, asked);
}

const Check check_dma_stopped{
    .name = "dma.stopped",
    .question =
        "Did every device stop writing into the dead kernel's memory by the "
        "deadline, and was it stopped or only "
        "out of buffers?",
    .skips = skips_stopped,
    .needs = {&need::agent, &need::strays, &need::watch, &need::control, &need::feeds, &need::trace,
              &need::ledgers, &need::pci_handover, &need::closing},
    .parameters = {{.name = "deadline",
                    .type = scenario::ParameterSpec::Type::choice,
                    .choices = {"handover", "capture-entry", "drivers", "end"},
                    .fallback = "drivers",
                    .meaning = "the point of the run from which on no stray write "
                               "may be seen; `end` allows them up to "
                               "one second before the end"}},
    .judge = judge_stopped};
const Registration register_dma_stopped(check_dma_stopped);

}  // namespace

}  // namespace quiesce::checks
