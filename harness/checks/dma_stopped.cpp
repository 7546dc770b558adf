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

/// Writes before the panic by the device's own ledger.
std::uint64_t ledger_control(const evidence::Run& run, const Story& story,
                             const std::string& device) {
  const auto found = run.ledgers.find(device);
  if (found == run.ledgers.end() || !found->second.timed) return 0;
  const double until = story.panic.value_or(*story.handover);
  const auto& writes = found->second.writes;
  return static_cast<std::uint64_t>(std::count_if(
      writes.begin(), writes.end(), [&](const auto& write) { return write.t < until; }));
}

/// What is known of one device.
struct Finding {
  Verdict verdict = Verdict::pass;
  std::string reason;  ///< for what is not pass: a clause that begins with the device
  std::string line;    ///< for the details
  std::string control;
  json numbers = json::object();
};

json by_numbers(const Tally& tally) {
  json by = json::object();
  for (const By how : {By::tag, By::ledger, By::gating, By::unknown})
    by[to_string(how)] = tally.by.at(static_cast<std::size_t>(how));
  return by;
}

/// "12 by tag, 3 by ledger", with how sure that is where it is not certain.
std::string describe_by(const Tally& tally) {
  std::vector<std::string> words;
  for (const By how : {By::tag, By::ledger, By::gating})
    if (const auto changes = tally.by.at(static_cast<std::size_t>(how)); changes > 0)
      words.push_back(fmt::format("{} by {} ({})", changes, to_string(how),
                                  how == By::gating ? "likely" : "certain"));
  return list_words(words);
}

std::string describe_writes(const Tally& tally, double handover) {
  if (tally.pages.size() == 0) return "no write after the handover is known to be its";
  std::string text =
      fmt::format("{} ({} bytes), +{:.2f} s to +{:.2f} s", count(tally.pages.size(), "page"),
                  tally.bytes, *tally.first - handover, *tally.last - handover);
  if (tally.late.size() > 0) text += fmt::format(", {} late", tally.late.size());
  if (tally.straddling.size() > 0)
    text += fmt::format(", {} within one pass of the deadline", tally.straddling.size());
  const std::string by = describe_by(tally);
  return by.empty() ? text : text + ", " + by;
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
  } else if (!ending && is_net(device)) {
    // A ring that is never seen to run dry proves no stop: the poll may have missed it.
    finding.verdict = Verdict::inconclusive;
    finding.reason = device.name + " went quiet, and nothing shows why";
  }
}

Finding judge_device(const Context& context, const scenario::PlannedDevice& device,
                     const Tally& tally) {
  const double handover = *context.story.handover;
  const auto list = endings(context.run, device, handover);
  const auto ending = decisive(list, tally, context.deadline.t);
  const std::uint64_t before = control_pages(context.run, device.name);
  const std::uint64_t noted = ledger_control(context.run, context.story, device.name);
  const std::uint64_t fed = fed_after(context.run, device.name, context.deadline.t);
  Finding finding;
  finding.control =
      fmt::format("{}: {} before the panic", device.name, count(before, "tagged page"));
  if (noted > 0) finding.control += fmt::format(", {} by its ledger", count(noted, "write"));
  if (is_net(device))
    finding.control += fmt::format(", {} fed after {}", count(fed, "frame"), context.deadline.name);
  if (tally.late.size() > 0) {
    finding.verdict = Verdict::fail;
    finding.reason =
        fmt::format("{} wrote {} of the dead kernel after {}, the last {:.1f} s after the handover",
                    device.name, count(tally.late.size(), "page"), context.deadline.name,
                    *tally.last - handover);
  } else {
    judge_absence(finding, context, device, ending, before + noted, fed);
  }
  // Why the writes ended may be told by something later than the deadline.
  const auto why = ending ? ending : decisive(list, tally, context.story.end);
  const bool to_the_end = context.story.capture_end && tally.last &&
                          *tally.last >= *context.story.capture_end - closing_window;
  std::string ended = "why they ended is not known";
  if (why) ended = tell(*why, list, tally, handover);
  if (to_the_end) ended = "still writing at the end" + (why ? "; " + ended : std::string());
  finding.line = fmt::format("{} at {}: {}; {}", device.name, to_string(device.address),
                             describe_writes(tally, handover), ended);
  finding.numbers = {{"pages", tally.pages.size()},
                     {"bytes", tally.bytes},
                     {"pages_late", tally.late.size()},
                     {"tagged_pages_before_panic", before},
                     {"ledger_writes_before_panic", noted},
                     {"by", by_numbers(tally)},
                     {"fed_after_deadline", fed},
                     {"ended", to_the_end ? "still-writing"
                               : why      ? word(why->cause)
                                          : "unknown"}};
  if (tally.first) finding.numbers["first_s"] = *tally.first - handover;
  if (tally.last) finding.numbers["last_s"] = *tally.last - handover;
  if (why) finding.numbers["ended_s"] = why->t - handover;
  return finding;
}

/// A device that is judged by itself: it was busy, and its writes carry tags or it kept a ledger.
bool is_witness(const evidence::Run& run, const scenario::PlannedDevice& device) {
  return device.busy && (device.profile.writes_tagged || run.ledgers.count(device.name) > 0);
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
/// judged together. Their own control is only that they worked until the panic; that a write of
/// theirs could be seen rests on the watch, which saw others' writes or at least the dying CPU's
/// stack.
void control_untagged(const Context& context, const Strays& strays,
                      std::vector<std::string>& controls, std::vector<std::string>& doubts) {
  const auto& devices = context.run.plan.devices;
  const bool tagged_control = std::any_of(devices.begin(), devices.end(), [&](const auto& device) {
    return is_witness(context.run, device) && control_pages(context.run, device.name) > 0;
  });
  const bool watch_sees = !strays.owned.empty() || !strays.all.pages.empty();
  for (const auto& device : devices) {
    if (!does_dma(device) || is_witness(context.run, device)) continue;
    const double operations = operations_before_panic(context.run, device.name);
    controls.push_back(
        fmt::format("{}: {:.0f} operations before the panic; its writes carry no tag, so the "
                    "control is only that the watch saw other changes",
                    device.name, operations));
    if (tagged_control) continue;
    if (operations <= 0)
      doubts.push_back(device.name + " was not seen to work before the panic");
    else if (!watch_sees)
      doubts.push_back(
          "the watch saw nothing change after the handover, not even the dying CPU's stack");
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
                         {"by", by_numbers(all)},
                         {"deadline", deadline.name},
                         {"deadline_s", deadline.t - handover}});
  if (all.first) result.numbers["first_s"] = *all.first - handover;
  if (all.last) result.numbers["last_s"] = *all.last - handover;
  const Attribution& who = strays.attribution;
  if (who.windows > 0)
    result.numbers["gating"] = {{"windows", who.windows}, {"stopped_s", who.stopped_s}};
  for (const auto& [device, odds] : who.gating)
    result.details.push_back(
        fmt::format("by gating, likely {}: pages that changed in {} of {} with its Bus Master on "
                    "and in 0 of {} with it off",
                    device, odds.on, count(odds.on, "window"), odds.off));
  for (const auto& [owner, pages] : strays.owned)
    result.details.push_back(
        fmt::format("{} of {}, which is no device", count(pages, "page"), owner));
}

/// Writes that name no device. Descriptors and completions of tagged devices are among them.
std::string describe_untagged(const evidence::Run& run, const Tally& tally, double handover) {
  std::vector<std::string> candidates;
  for (const auto& device : run.plan.devices)
    if (does_dma(device)) candidates.push_back(device.name);
  return fmt::format("writes without a tag: {}; {}", describe_writes(tally, handover),
                     candidates.empty() ? "no busy device is a candidate"
                                        : "candidates are the busy devices, which are not told "
                                          "apart: " +
                                              list_words(candidates));
}

/// A line for each busy device whose writes carry no tag: at least why they ended.
void add_untagged_endings(CheckResult& result, const evidence::Run& run, const Story& story) {
  for (const auto& device : run.plan.devices) {
    if (!does_dma(device) || is_witness(run, device)) continue;
    const auto list = endings(run, device, *story.handover);
    const auto why = decisive(list, {}, story.end);
    result.details.push_back(
        fmt::format("{} at {}: its writes carry no tag; {}", device.name, to_string(device.address),
                    why ? tell(*why, list, {}, *story.handover) : "no ending is known"));
    auto& numbers = result.numbers["devices"][device.name];
    numbers = {{"tagged", false}, {"ended", why ? word(why->cause) : "unknown"}};
    if (why) numbers["ended_s"] = why->t - *story.handover;
  }
}

/// Writes of devices that are not judged one by one: untagged ones, and tags of a device that was
/// to be idle.
void add_others(CheckResult& result, std::vector<std::string>& failures, const Context& context,
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
std::vector<std::string> doubts_of(const Context& context, const Strays& strays,
                                   CheckResult& result) {
  std::vector<std::string> doubts;
  const auto baselines = context.run.events(record::event::baseline);
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto* baseline) { return baseline->t >= *context.story.handover; }))
    doubts.emplace_back("no baseline of the memory was taken at the handover");
  for (const auto& [device, pages] : missed_by_watch(context.run)) {
    result.numbers["ledger_missed"][device] = pages;
    if (pages > 0)
      doubts.push_back(fmt::format("the watch missed {} that {} wrote by its own ledger",
                                   count(pages, "page"), device));
  }
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
    if (!is_witness(context.run, device)) continue;
    const auto tally = strays.by_device.find(device.name);
    const Finding finding =
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
  return without_deadline(run, points, asked);
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
