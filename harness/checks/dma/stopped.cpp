// SPDX-License-Identifier: GPL-2.0-or-later
// Stray writes: changes of the dead kernel's memory that no CPU made.
#include <algorithm>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/dma/device.hpp"
#include "harness/checks/dma/needs.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// A device whose ledger would have the write.
bool denies(const evidence::Run& run, const std::string& device) {
  const auto ledger = run.ledgers.find(device);
  return ledger != run.ledgers.end() && ledger->second.timed && ledger->second.kept();
}

/// Busy devices that may have made a write which nothing names the writer of.
std::vector<std::string> candidates_of(const evidence::Run& run) {
  std::vector<std::string> candidates;
  for (const auto& device : run.plan.devices)
    if (does_dma(device) && !denies(run, device.name)) candidates.push_back(device.name);
  return candidates;
}

/// Writes of devices that are not judged one by one: untagged ones, and tags of a device that was
/// to be idle. Descriptors and completions of tagged devices are among the untagged.
void add_others(Findings& findings, const DmaContext& context, const Strays& strays) {
  const auto& devices = context.run.plan.devices;
  for (const auto& [name, tally] : strays.by_device) {
    if (std::any_of(devices.begin(), devices.end(), [&, &name = name](const auto& device) {
          return is_witness(context.run, device) && device.name == name;
        }))
      continue;
    const bool late = !tally.late.empty();
    const Measure deadline = measure::text("deadline", context.deadline.name);
    Finding finding =
        name.empty() ? found(late ? dma::untagged_late : dma::untagged,
                             {deadline, measure::list("candidates", candidates_of(context.run))})
                     : found_of(late ? dma::idle_wrote_late : dma::idle_wrote, name, {deadline});
    dma::add_writes(finding, tally, *context.story.handover);
    findings.push_back(finding);
  }
}

/// Inconclusive causes that concern the whole watch; its passes go into `total`.
void doubt_watch(Findings& findings, Finding& total, const DmaContext& context,
                 const Strays& strays) {
  const auto baselines = context.run.events<record::event::Baseline>();
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto& baseline) { return baseline.t >= *context.story.handover; }))
    findings.push_back(found(dma::no_baseline));
  for (const auto& [device, pages] : missed_by_watch(context.run))
    findings.push_back(found_of(pages > 0 ? dma::ledger_missed : dma::ledger_agrees, device,
                                {measure::pages("ledger_missed", pages)}));
  for (auto& lost : lost_servers(context.run)) findings.push_back(std::move(lost));
  const Watch watch = look_at_watch(context.run, context.story);
  total.with(measure::seconds("longest_gap_s", watch.longest_gap));
  total.control = {measure::count("passes", watch.passes)};
  if (!watch.problem.empty())
    findings.push_back(found(watch.passes == 0    ? dma::no_pass
                             : !watch.reached_end ? dma::no_end
                                                  : dma::watch_gap,
                             {measure::seconds("longest_gap_s", watch.longest_gap),
                              measure::seconds("gap_from_s", watch.gap_from)}));
  const double pass_late = strays.all.straddles_until - context.deadline.t;
  if (!strays.all.straddling.empty() && pass_late > context.deadline.tolerance)
    findings.push_back(
        found(dma::straddling, {measure::pages("pages_straddling", strays.all.straddling.size()),
                                measure::seconds("pass_late_s", pass_late),
                                measure::text("deadline", context.deadline.name)}));
}

Tally tally_of(const Strays& strays, const std::string& device) {
  const auto found = strays.by_device.find(device);
  return found == strays.by_device.end() ? Tally{} : found->second;
}

Findings judge_against(const DmaContext& context) {
  const double handover = *context.story.handover;
  const Strays strays = sort_strays(context.run, handover, context.deadline.t);
  Findings findings;
  dma::add_likely(findings, strays);
  Finding all = dma::total(strays, context.deadline, handover);
  doubt_watch(findings, all, context, strays);
  bool any_control = false;
  for (const auto& device : context.run.plan.devices) {
    if (!is_witness(context.run, device)) continue;
    any_control = true;
    findings.push_back(judge_device(context, device, tally_of(strays, device.name)));
  }
  Findings no_tags = untagged_devices(context.run, context.story);
  judge_untagged(no_tags, context.run, strays);
  any_control = any_control || !no_tags.empty();
  findings.insert(findings.end(), no_tags.begin(), no_tags.end());
  add_others(findings, context, strays);
  const bool decided = std::any_of(findings.begin(), findings.end(), [](const auto& finding) {
    return finding.verdict == Verdict::fail || finding.verdict == Verdict::inconclusive;
  });
  if (!decided && !any_control)
    findings.push_back(found(dma::no_busy_device));
  else if (!decided)
    findings.push_back(found(dma::none_late, {measure::text("deadline", context.deadline.name),
                                              measure::pages("pages", strays.all.pages.size())}));
  if (!decided && strays.all.last)
    findings.back().with(measure::seconds("last_s", *strays.all.last - handover));
  findings.push_back(all);
  return findings;
}

/// The run was over before its deadline: what was seen until then, and why it ended.
Findings without_deadline(const evidence::Run& run, const Story& story, const std::string& asked) {
  const double handover = *story.handover;
  const Strays strays = sort_strays(run, handover, story.end);
  Findings findings{found(dma::no_deadline, {measure::text("deadline", asked),
                                             measure::pages("pages", strays.all.pages.size())})};
  dma::add_likely(findings, strays);
  for (const auto& device : run.plan.devices)
    if (is_witness(run, device))
      findings.push_back(device_until_end(run, story, device, tally_of(strays, device.name)));
  for (auto& device : untagged_devices(run, story)) findings.push_back(std::move(device));
  add_others(findings, {run, story, {asked, story.end}}, strays);
  findings.push_back(dma::total(strays, {asked, story.end}, handover));
  return findings;
}

std::optional<std::string> skips_stopped(const scenario::RunPlan& plan) {
  if (std::any_of(plan.devices.begin(), plan.devices.end(), does_dma)) return std::nullopt;
  return "no busy device of the plan does DMA";
}

Findings judge_stopped(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.handover)
    return {found(code::no_handover, {measure::text("cut_off", points.cut_off())})};
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
    .codes = dma::codes(),
    .phrases = dma::phrases(),
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
