// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "harness/checks/dma_ending.hpp"
#include "harness/checks/dma_lines.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

/// Tagged pages of the device that the watch saw before the panic.
std::uint64_t control_pages(const evidence::Run& run, const std::string& device) {
  std::uint64_t pages = 0;
  for (const auto& control : run.events<record::event::Control>())
    if (control.device == device) pages = std::max(pages, control.tagged_pages);
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

/// Its ledger has writes in the while of the watch's control, their data is tagged, and the watch
/// saw none of them: what it does not see later means nothing.
bool watch_was_blind(const evidence::Run& run, const scenario::PlannedDevice& device) {
  const auto found = run.ledgers.find(device.name);
  if (found == run.ledgers.end() || !found->second.timed || !device.profile.writes_tagged)
    return false;
  const auto& writes = found->second.writes;
  for (const auto& control : run.events<record::event::Control>()) {
    if (control.device != device.name || !control.t0 || !control.t1 || control.tagged_pages > 0)
      continue;
    // Not at its edges: a ledger's line may be late.
    constexpr double edge = 0.1;
    if (std::any_of(writes.begin(), writes.end(), [&](const auto& write) {
          return write.t > *control.t0 + edge && write.t < *control.t1 - edge;
        }))
      return true;
  }
  return false;
}

/// Nothing late was seen of this device: could it have been, and why did its writes end?
void judge_absence(DmaFinding& finding, const DmaContext& context,
                   const scenario::PlannedDevice& device, const std::optional<Ending>& ending,
                   std::uint64_t before, std::uint64_t fed) {
  if (before == 0) {
    finding.verdict = Verdict::inconclusive;
    finding.reason = device.name + " was not seen to write before the panic";
  } else if (watch_was_blind(context.run, device)) {
    finding.verdict = Verdict::inconclusive;
    finding.reason =
        "the watch saw no write of " + device.name + " before the panic, and its ledger has some";
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

/// Operations that the device's activity had done before the panic, as the agent counted them.
std::uint64_t operations_before_panic(const evidence::Run& run, const std::string& device) {
  std::uint64_t most = 0;
  for (const auto& activity : run.events<record::event::Activity>())
    if (activity.device == device)
      most = std::max<std::uint64_t>(most, activity.operations.value_or(0));
  return most;
}

}  // namespace

bool is_witness(const evidence::Run& run, const scenario::PlannedDevice& device) {
  const auto ledger = run.ledgers.find(device.name);
  return device.busy &&
         (device.profile.writes_tagged || (ledger != run.ledgers.end() && ledger->second.kept()));
}

bool does_dma(const scenario::PlannedDevice& device) {
  return device.busy && scenario::activity_of(device).uses_memory;
}

bool is_net(const scenario::PlannedDevice& device) {
  return scenario::activity_of(device).feed == scenario::Feed::frames;
}

std::uint64_t fed_between(const evidence::Run& run, const std::string& device, double after,
                          double until) {
  const auto feeds = run.events<record::event::Feed>();
  return static_cast<std::uint64_t>(
      std::count_if(feeds.begin(), feeds.end(), [&](const auto& feed) {
        return feed.t > after && feed.t <= until && feed.device == device;
      }));
}

DmaFinding judge_device(const DmaContext& context, const scenario::PlannedDevice& device,
                        const Tally& tally) {
  const double handover = *context.story.handover;
  const auto list = endings(context.run, device, handover);
  const auto ending = decisive(list, tally, context.deadline.t);
  const std::uint64_t before = control_pages(context.run, device.name);
  const std::uint64_t noted = ledger_control(context.run, context.story, device.name);
  const std::uint64_t fed = fed_between(context.run, device.name, context.deadline.t,
                                        std::numeric_limits<double>::infinity());
  DmaFinding finding;
  finding.control =
      fmt::format("{}: {} before the panic", device.name, count(before, "tagged page"));
  if (noted > 0) finding.control += fmt::format(", {} by its ledger", count(noted, "write"));
  if (is_net(device))
    finding.control += fmt::format(", {} fed after {}", count(fed, "frame"), context.deadline.name);
  if (!tally.late.empty()) {
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
  const auto last_stretch = find_deadline(context.run, context.story, "end");
  const bool to_the_end = last_stretch && tally.last && *tally.last >= last_stretch->t;
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

void control_untagged(const DmaContext& context, const Strays& strays,
                      std::vector<std::string>& controls, std::vector<std::string>& doubts) {
  const auto& devices = context.run.plan.devices;
  const bool tagged_control = std::any_of(devices.begin(), devices.end(), [&](const auto& device) {
    return is_witness(context.run, device) && control_pages(context.run, device.name) > 0;
  });
  const bool watch_sees = !strays.owned.empty() || !strays.all.pages.empty();
  for (const auto& device : devices) {
    if (!does_dma(device) || is_witness(context.run, device)) continue;
    const std::uint64_t operations = operations_before_panic(context.run, device.name);
    controls.push_back(
        fmt::format("{}: {} operations before the panic; its writes carry no tag, so the "
                    "control is only that the watch saw other changes",
                    device.name, operations));
    if (tagged_control) continue;
    if (operations == 0)
      doubts.push_back(device.name + " was not seen to work before the panic");
    else if (!watch_sees)
      doubts.emplace_back(
          "the watch saw nothing change after the handover, not even the dying CPU's stack");
  }
}

}  // namespace quiesce::checks
