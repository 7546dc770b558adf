// SPDX-License-Identifier: GPL-2.0-or-later
// Stray writes: changes of the dead kernel's memory that no CPU made.
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/dma_ending.hpp"
#include "harness/checks/dma_strays.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// "end" means that nothing is written in the run's last second: what comes after the end nobody
/// sees.
constexpr double closing_window = 1.0;
/// A pass that straddles the deadline may end this long after it and still say nothing about what
/// came after.
constexpr double longest_straddle = 1.0;

/// The deadline on the timeline, or nullopt when the run did not reach it.
std::optional<Deadline> find_deadline(const evidence::Run& run, const Story& story,
                                      const std::string& asked) {
  const auto at_end = [&]() -> std::optional<Deadline> {
    if (!story.capture_end) return std::nullopt;
    return Deadline{"the end", *story.capture_end - closing_window};
  };
  if (asked == "end") return at_end();
  if (asked == record::mark::handover) return Deadline{"the handover", *story.handover};
  if (asked == record::mark::capture_entry && story.capture_entry)
    return Deadline{"capture-entry", *story.capture_entry};
  if (asked == record::mark::drivers && story.drivers) return Deadline{"drivers", *story.drivers};
  // Without drivers the mark never comes: then the writes must have ended by the end.
  if (asked == record::mark::drivers && !run.plan.scenario.steps.drivers) return at_end();
  return std::nullopt;
}

std::uint64_t fed_after(const evidence::Run& run, const std::string& device, double t) {
  const auto feeds = run.events(record::event::feed);
  return static_cast<std::uint64_t>(std::count_if(
      feeds.begin(), feeds.end(),
      [&](const auto* feed) { return feed->t > t && feed->text("device") == device; }));
}

/// Tagged pages of the device that the watch saw before the panic.
std::uint64_t control_pages(const evidence::Run& run, const std::string& device) {
  std::uint64_t pages = 0;
  for (const auto* control : run.events(record::event::control))
    if (control->text("device") == device)
      pages = std::max(pages, evidence::whole_of(control->fields, "tagged_pages").value_or(0));
  return pages;
}

/// What is known of one device.
struct Finding {
  Verdict verdict = Verdict::pass;
  std::string reason;  ///< for what is not pass: a clause that begins with the device
  std::string line;    ///< for the details
  std::string control;
  json numbers = json::object();
};

/// Which ending counts: the first that stops the device, else the first used-up ring, before or at
/// `until`. One after which the device still wrote ended nothing.
std::optional<Ending> decisive(const std::vector<Ending>& endings, const Tally& tally,
                               double until) {
  std::optional<Ending> ring;
  for (const Ending& ending : endings) {
    if (ending.t > until) break;
    if (tally.last && ending.t < tally.last_since) continue;
    if (ending.stops()) return ending;
    if (!ring) ring = ending;
  }
  return ring;
}

/// How an ending lies to the last write.
std::string beside_last(const Ending& ending, const Tally& tally) {
  if (!tally.last) return {};
  if (tally.last_fed && ending.t >= *tally.last_fed)
    return fmt::format(", {:.2f} s after the last frame that landed was fed",
                       ending.t - *tally.last_fed);
  if (ending.t <= *tally.last) return ", in the pass of the last write";
  return fmt::format(", {:.2f} s after the last write", ending.t - *tally.last);
}

/// When the ring was first used up before `until`.
std::optional<double> ring_used_up(const std::vector<Ending>& endings, double until) {
  for (const Ending& ending : endings)
    if (!ending.stops() && ending.t < until) return ending.t;
  return std::nullopt;
}

std::string describe_writes(const Tally& tally, double handover) {
  if (tally.pages.size() == 0) return "no tagged write after the handover";
  std::string text =
      fmt::format("{} ({} bytes), +{:.2f} s to +{:.2f} s", count(tally.pages.size(), "page"),
                  tally.bytes, *tally.first - handover, *tally.last - handover);
  if (tally.late.size() > 0) text += fmt::format(", {} late", tally.late.size());
  if (tally.straddling.size() > 0)
    text += fmt::format(", {} within one pass of the deadline", tally.straddling.size());
  return text;
}

bool is_net(const scenario::PlannedDevice& device) {
  return evidence::text_of(device.activity, "kind") == "net-receive";
}

/// The context of a judgement: everything that is the same for all devices.
struct Context {
  const evidence::Run& run;
  const Story& story;
  const Deadline& deadline;
};

/// Nothing late was seen of this device: could it have been, and why did its writes end?
void judge_absence(Finding& finding, const Context& context, const scenario::PlannedDevice& device,
                   const std::optional<Ending>& ending, std::uint64_t before, std::uint64_t fed) {
  if (before == 0) {
    finding.verdict = Verdict::inconclusive;
    finding.reason = device.name + " was not seen to write before the panic";
  } else if (is_net(device) && fed == 0) {
    finding.verdict = Verdict::inconclusive;
    finding.reason =
        fmt::format("{} was fed no frame after {}", device.name, context.deadline.name);
  } else if (ending && !ending->stops()) {
    finding.verdict = Verdict::fail;
    finding.reason = fmt::format(
        "{} was not stopped, only out of buffers: its receive ring was used up {:.2f} s after "
        "the handover, and nothing reset it before {}",
        device.name, ending->t - *context.story.handover, context.deadline.name);
  } else if (!ending && is_net(device) && !shows_ring(device)) {
    finding.verdict = Verdict::inconclusive;
    finding.reason = fmt::format(
        "{} no longer wrote after {}, but nothing shows whether it was stopped or out of buffers",
        device.name, context.deadline.name);
  }
}

Finding judge_device(const Context& context, const scenario::PlannedDevice& device,
                     const Tally& tally) {
  const double handover = *context.story.handover;
  const auto list = endings(context.run, device, handover);
  const auto ending = decisive(list, tally, context.deadline.t);
  const std::uint64_t before = control_pages(context.run, device.name);
  const std::uint64_t fed = fed_after(context.run, device.name, context.deadline.t);
  Finding finding;
  finding.control =
      fmt::format("{}: {} before the panic", device.name, count(before, "tagged page"));
  if (is_net(device))
    finding.control += fmt::format(", {} fed after {}", count(fed, "frame"), context.deadline.name);
  if (tally.late.size() > 0) {
    finding.verdict = Verdict::fail;
    finding.reason =
        fmt::format("{} wrote {} of the dead kernel after {}, the last {:.1f} s after the handover",
                    device.name, count(tally.late.size(), "page"), context.deadline.name,
                    *tally.last - handover);
  } else {
    judge_absence(finding, context, device, ending, before, fed);
  }
  // Why the writes ended may be told by something later than the deadline.
  const auto why = ending ? ending : decisive(list, tally, context.story.end);
  const bool to_the_end = context.story.capture_end && tally.last &&
                          *tally.last >= *context.story.capture_end - closing_window;
  std::string ended = "why they ended is not known";
  if (why) {
    ended = fmt::format("{} at +{:.2f} s", to_string(why->cause), why->t - handover);
    ended += beside_last(*why, tally);
    if (const auto dry = ring_used_up(list, why->t))
      ended += fmt::format(", after its receive ring was used up at +{:.2f} s", *dry - handover);
  }
  if (to_the_end) ended = "still writing at the end" + (why ? "; " + ended : std::string());
  finding.line = fmt::format("{} at {}: {}; {}", device.name, to_string(device.address),
                             describe_writes(tally, handover), ended);
  finding.numbers = {{"pages", tally.pages.size()},
                     {"bytes", tally.bytes},
                     {"pages_late", tally.late.size()},
                     {"tagged_pages_before_panic", before},
                     {"fed_after_deadline", fed},
                     {"ended", to_the_end ? "still-writing"
                               : why      ? word(why->cause)
                                          : "unknown"}};
  if (tally.first) finding.numbers["first_s"] = *tally.first - handover;
  if (tally.last) finding.numbers["last_s"] = *tally.last - handover;
  if (why) finding.numbers["ended_s"] = why->t - handover;
  return finding;
}

/// A device that is judged: it was busy and its writes carry tags.
bool is_witness(const scenario::PlannedDevice& device) {
  return device.busy && device.profile.writes_tagged;
}

/// A console is drawn by the CPU: its device does no DMA that could go astray.
bool does_dma(const scenario::PlannedDevice& device) {
  const std::string kind = evidence::text_of(device.activity, "kind");
  return device.busy && !kind.empty() && kind != "none" && kind != "console";
}

/// Operations that the device's activity had done before the panic, as the agent counted them.
double operations_before_panic(const evidence::Run& run, const std::string& device) {
  double most = 0;
  for (const auto* activity : run.events(record::event::activity))
    if (activity->text("device") == device)
      most = std::max(most, activity->number("operations").value_or(0));
  return most;
}

/// Devices whose writes carry no tag (a disk that only takes data still writes its completions) are
/// judged together, as "an unknown device". Their control is in two halves: they were completing
/// work until the panic, and the watch saw something change after the handover, if only the dying
/// CPU's own stack.
void control_untagged(const Context& context, const Strays& strays,
                      std::vector<std::string>& controls, std::vector<std::string>& doubts) {
  const bool watch_sees = !strays.owned.empty() || !strays.all.pages.empty();
  for (const auto& device : context.run.plan.devices) {
    if (!does_dma(device) || device.profile.writes_tagged) continue;
    const double operations = operations_before_panic(context.run, device.name);
    if (operations > 0 && watch_sees)
      controls.push_back(
          fmt::format("{}: {:.0f} operations before the panic, its writes carry no tag",
                      device.name, operations));
    else if (controls.empty() && operations > 0)
      doubts.push_back(
          "the watch saw nothing change after the handover, not even the dying CPU's stack");
    else if (controls.empty())
      doubts.push_back(device.name + " was not seen to work before the panic");
  }
}

void add_totals(CheckResult& result, const Strays& strays, const Deadline& deadline,
                double handover) {
  const Tally& all = strays.all;
  result.numbers.update({{"pages", all.pages.size()},
                         {"bytes", all.bytes},
                         {"pages_late", all.late.size()},
                         {"bytes_late", all.late_bytes},
                         {"pages_straddling", all.straddling.size()},
                         {"deadline", deadline.name},
                         {"deadline_s", deadline.t - handover}});
  if (all.first) result.numbers["first_s"] = *all.first - handover;
  if (all.last) result.numbers["last_s"] = *all.last - handover;
  for (const auto& [owner, pages] : strays.owned)
    result.details.push_back(
        fmt::format("{} of {}, which is no device", count(pages, "page"), owner));
}

/// Writes of devices that are not judged one by one: untagged ones, and tags of a device that was
/// to be idle.
void add_others(CheckResult& result, std::vector<std::string>& failures, const Context& context,
                const Strays& strays) {
  const double handover = *context.story.handover;
  for (const auto& [name, tally] : strays.by_device) {
    const auto& devices = context.run.plan.devices;
    if (std::any_of(devices.begin(), devices.end(), [&, &name = name](const auto& device) {
          return is_witness(device) && device.name == name;
        }))
      continue;
    const std::string who = name.empty() ? "an unknown device (no tag)" : name;
    result.details.push_back(fmt::format("{}: {}", who, describe_writes(tally, handover)));
    if (tally.late.size() > 0)
      failures.push_back(fmt::format(
          "{} wrote {} of the dead kernel after {}, the last {:.1f} s after the handover", who,
          count(tally.late.size(), "page"), context.deadline.name, *tally.last - handover));
  }
}

/// Inconclusive causes that concern the whole watch.
std::vector<std::string> doubts_of(const Context& context, const Strays& strays,
                                   CheckResult& result) {
  std::vector<std::string> doubts;
  const auto baselines = context.run.events(record::event::baseline);
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto* baseline) { return baseline->t >= *context.story.handover; }))
    doubts.emplace_back("no baseline of the memory was taken at the handover");
  const Watch watch = look_at_watch(context.run, context.story);
  result.numbers["passes"] = watch.passes;
  result.numbers["longest_gap_s"] = watch.longest_gap;
  if (!watch.problem.empty()) doubts.push_back(watch.problem);
  if (strays.all.straddling.size() > 0 &&
      strays.all.straddles_until - context.deadline.t > longest_straddle)
    doubts.push_back(fmt::format("{} changed in a pass that ended only {:.1f} s after {}",
                                 count(strays.all.straddling.size(), "page"),
                                 strays.all.straddles_until - context.deadline.t,
                                 context.deadline.name));
  return doubts;
}

CheckResult judge_against(const Context& context) {
  CheckResult result;
  const double handover = *context.story.handover;
  const Strays strays = sort_strays(context.run, handover, context.deadline.t);
  add_totals(result, strays, context.deadline, handover);
  std::vector<std::string> failures;
  std::vector<std::string> doubts = doubts_of(context, strays, result);
  std::vector<std::string> controls;
  for (const auto& device : context.run.plan.devices) {
    if (!is_witness(device)) continue;
    const auto tally = strays.by_device.find(device.name);
    const Finding finding =
        judge_device(context, device, tally == strays.by_device.end() ? Tally{} : tally->second);
    result.details.push_back(finding.line);
    controls.push_back(finding.control);
    result.numbers["devices"][device.name] = finding.numbers;
    if (finding.verdict == Verdict::fail) failures.push_back(finding.reason);
    if (finding.verdict == Verdict::inconclusive) doubts.push_back(finding.reason);
  }
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

CheckResult judge_stopped(const evidence::Run& run, const json& parameters) {
  const auto& devices = run.plan.devices;
  const auto by_a_device = [](const auto& stray) { return stray.owner.empty(); };
  if (std::none_of(run.strays.begin(), run.strays.end(), by_a_device) &&
      std::none_of(devices.begin(), devices.end(), does_dma))
    return verdict(Verdict::skip, "no busy device of the plan does DMA");
  const Story points = story(run);
  if (!points.handover)
    return verdict(Verdict::inconclusive, "there was no handover: " + points.cut_off());
  const std::string asked = evidence::text_of(parameters, "deadline");
  if (const auto deadline = find_deadline(run, points, asked))
    return judge_against({run, points, *deadline});
  const Strays strays = sort_strays(run, *points.handover, points.end);
  CheckResult result =
      verdict(Verdict::inconclusive,
              fmt::format("the run never reached its deadline, {}; {} changed after the handover",
                          asked, count(strays.all.pages.size(), "page")));
  add_totals(result, strays, {asked, points.end}, *points.handover);
  for (const auto& [name, tally] : strays.by_device)
    result.details.push_back(fmt::format("{}: {}",
                                         name.empty() ? "an unknown device (no tag)" : name,
                                         describe_writes(tally, *points.handover)));
  return result;
}

const Check check{.name = "dma.stopped",
                  .question =
                      "Did every device stop writing into the dead kernel's memory by the "
                      "deadline, and was it stopped or only "
                      "out of buffers?",
                  .parameters = {{.name = "deadline",
                                  .type = scenario::ParameterSpec::Type::choice,
                                  .choices = {"handover", "capture-entry", "drivers", "end"},
                                  .fallback = "drivers",
                                  .meaning = "the point of the run from which on no stray write "
                                             "may be seen; `end` allows them up to "
                                             "one second before the end"}},
                  .judge = judge_stopped};
const Registration registration(check);

}  // namespace

}  // namespace quiesce::checks
