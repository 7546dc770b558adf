// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/device.hpp"

#include <algorithm>
#include <limits>

#include "harness/checks/dma/decisive.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/agent_requests.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_watch.hpp"

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

/// Whether one of the device's modules was loaded because it was asked for.
bool was_loaded(const DmaContext& context, const scenario::PlannedDevice& device) {
  const auto& modules = device.profile.modules;
  const auto answers = context.run.said<record::answer::Modules>("capture");
  return std::any_of(answers.begin(), answers.end(), [&](const auto& answer) {
    return std::find_first_of(answer.loaded.begin(), answer.loaded.end(), modules.begin(),
                              modules.end(), scenario::same_module) != answer.loaded.end();
  });
}

/// From when on the capture kernel's driver may have touched the device: its modules were asked
/// for, or, built in, it said something.
std::optional<double> driver_came(const DmaContext& context,
                                  const scenario::PlannedDevice& device) {
  const auto asked = context.run.said<record::request::Modules>("capture");
  if (!asked.empty() && was_loaded(context, device)) return asked.front().t;
  for (const auto* line : capture_serial(context.run, context.story)) {
    const std::string_view message = message_of(line->text);
    // The bus finds every device at boot; and who echoes the command line names much.
    if (is_of_the_bus(message) || message.find("ommand line:") != std::string_view::npos ||
        !mentions(message, device))
      continue;
    return line->t;
  }
  return std::nullopt;
}

/// Whether the profile says how a reset of the device can be seen.
bool shows_its_reset(const scenario::PlannedDevice& device) {
  const auto& trace = device.profile.trace;
  return std::any_of(trace.begin(), trace.end(), [](const auto& meaning) {
    return meaning.means == word(Ending::Cause::driver_reset) ||
           meaning.means == word(Ending::Cause::device_stopped);
  });
}

/// A network card of which QEMU cannot trace a reset: every frame landed in the dead kernel's
/// memory until its driver came, none after that, and later ones in the capture kernel's. Had its
/// buffers run out instead, frames would be missing before; that a frame is missing shows only
/// where they came often enough. A card of which a reset could have been seen must have shown one.
bool was_taken_over(const DmaContext& context, const scenario::PlannedDevice& device,
                    const std::vector<Ending>& list, const Tally& tally) {
  // A frame that is given just before the driver comes may reach the card after it.
  constexpr double in_flight = 0.5;
  constexpr double often = 2;
  const auto last = decisive(list, tally, context.story.end);
  const auto came = driver_came(context, device);
  return last && last->cause == Ending::Cause::taken_over && !shows_its_reset(device) && came &&
         tally.last_fed && *tally.last_fed <= *came + in_flight &&
         *tally.last_fed >= *came - often &&
         fed_between(context.run, device.name, *tally.last_fed, *came - in_flight) == 0;
}

/// Without what is only concluded: of a frame in the capture kernel's memory is known when it was
/// given to QEMU, which may have kept it until the card had buffers again.
std::vector<Ending> seen_to_end(std::vector<Ending> list) {
  std::erase_if(list,
                [](const Ending& ending) { return ending.cause == Ending::Cause::taken_over; });
  return list;
}

/// Nothing late was seen of this device: could it have been, and why did its writes end? `ending`:
/// what was seen to end them by the deadline.
const Code& judge_absence(const DmaContext& context, const scenario::PlannedDevice& device,
                          const std::vector<Ending>& list, const std::optional<Ending>& ending,
                          const Tally& tally, std::uint64_t before, std::uint64_t fed) {
  if (before == 0) return dma::idle_before;
  if (watch_was_blind(context.run, device)) return dma::watch_blind;
  if (is_net(device) && fed == 0) return dma::not_fed;
  if (ending && !ending->stops()) return dma::out_of_buffers;
  // A ring that is never seen to run dry proves no stop: the poll may have missed it.
  return ending || !is_net(device) || was_taken_over(context, device, list, tally)
             ? dma::quiet
             : dma::went_quiet;
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

Finding judge_device(const DmaContext& context, const scenario::PlannedDevice& device,
                     const Tally& tally) {
  const double handover = *context.story.handover;
  const auto list = endings(context.run, device, handover);
  const auto ending = decisive(seen_to_end(list), tally, context.deadline.t);
  const std::uint64_t before = control_pages(context.run, device.name);
  const std::uint64_t noted = ledger_control(context.run, context.story, device.name);
  const std::uint64_t fed = fed_between(context.run, device.name, context.deadline.t,
                                        std::numeric_limits<double>::infinity());
  Finding finding = found_of(
      tally.late.empty() ? judge_absence(context, device, list, ending, tally, before + noted, fed)
                         : dma::wrote_late,
      device.name,
      {measure::text("address", to_string(device.address)),
       measure::text("deadline", context.deadline.name)});
  dma::add_writes(finding, tally, handover);
  // Why the writes ended may be told by something later than the deadline.
  const auto why = ending ? ending : decisive(list, tally, context.story.end);
  const auto last_stretch = find_deadline(context.run, context.story, "end");
  const bool to_the_end = last_stretch && tally.last && *tally.last >= last_stretch->t;
  finding.with(measure::flag("still_writing", to_the_end));
  finding.with(measure::text("ended", to_the_end ? "still-writing"
                                      : why      ? word(why->cause)
                                                 : "unknown"));
  if (why) add_ending(finding, *why, list, tally, handover);
  if (finding.code == dma::went_quiet.name)
    if (const auto came = driver_came(context, device);
        came && tally.last_fed && *tally.last_fed < *came)
      finding.with(measure::seconds("before_driver_s", *came - *tally.last_fed));
  finding.control = {measure::pages("tagged_pages_before_panic", before),
                     measure::count("ledger_writes_before_panic", noted)};
  if (is_net(device)) {
    finding.control.push_back(measure::count("fed_after_deadline", fed));
    finding.control.push_back(measure::flag("is_fed", true));
  }
  return finding;
}

Finding device_until_end(const evidence::Run& run, const Story& story,
                         const scenario::PlannedDevice& device, const Tally& tally) {
  const double handover = *story.handover;
  const auto list = endings(run, device, handover);
  const auto why = decisive(list, tally, story.end);
  Finding finding = found_of(why && !why->stops() ? dma::not_stopped : dma::seen_until, device.name,
                             {measure::text("address", to_string(device.address)),
                              measure::text("ended", why ? word(why->cause) : "unknown")});
  dma::add_writes(finding, tally, handover);
  if (why) add_ending(finding, *why, list, tally, handover);
  return finding;
}

Findings untagged_devices(const evidence::Run& run, const Story& story) {
  Findings findings;
  for (const auto& device : run.plan.devices) {
    if (!does_dma(device) || is_witness(run, device)) continue;
    const auto list = endings(run, device, *story.handover);
    const auto why = decisive(list, {}, story.end);
    Finding finding = found_of(
        dma::no_tag, device.name,
        {measure::text("address", to_string(device.address)), measure::flag("tagged", false),
         measure::text("ended", why ? word(why->cause) : "unknown")});
    if (why) add_ending(finding, *why, list, {}, *story.handover);
    findings.push_back(finding);
  }
  return findings;
}

void judge_untagged(Findings& devices, const evidence::Run& run, const Strays& strays) {
  const auto& all = run.plan.devices;
  const bool tagged_control = std::any_of(all.begin(), all.end(), [&](const auto& device) {
    return is_witness(run, device) && control_pages(run, device.name) > 0;
  });
  const bool watch_sees = !strays.owned.empty() || !strays.all.pages.empty();
  for (Finding& device : devices) {
    const std::uint64_t operations = operations_before_panic(run, device.subject.name);
    device.control = {measure::count("operations", operations)};
    if (tagged_control || (operations > 0 && watch_sees)) continue;
    const Code& doubt = operations == 0 ? dma::no_tag_idle : dma::no_tag_watch_blind;
    device.code = doubt.name;
    device.verdict = doubt.verdict;
  }
}

}  // namespace quiesce::checks
