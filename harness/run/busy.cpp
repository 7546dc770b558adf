// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/kernel_words.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/resets.hpp"
#include "harness/run/screens.hpp"
#include "harness/run/snapshots.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

bool runs_model(const scenario::PlannedDevice& device) {
  return scenario::activity_of(device).model;
}

/// Starts what keeps the device busy. A model that is to hit a piece of what kexec loaded is told
/// where that lies.
Result<record::request::ActivityStart> activity_request(const Conversation& agent,
                                                        const ArmedFacts& facts,
                                                        const scenario::PlannedDevice& device) {
  auto request = agent.about<record::request::ActivityStart>(device);
  const std::string target = text_at(device.activity, "target");
  if (!runs_model(device) || (target != "elfcorehdr" && target != "capture-kernel")) return request;
  const std::string name = target == "elfcorehdr" ? target : "kernel";
  const auto found = std::ranges::find(facts.segments, name, &CrashSegment::name);
  if (found == facts.segments.end())
    return fail(Errc::unsupported,
                "the segment {} was not found in the crash region: nothing to "
                "aim at",
                name);
  request.target_address = record::Address{found->range.begin.value};
  return request;
}

Result<void> start_activities(const scenario::Case& one, const ArmedFacts& facts,
                              const GuestSide& guest, Feeder& feeder) {
  feeder.start(one.devices, one.seed);
  for (const auto& device : one.devices) {
    const std::string kind = scenario::activity_of(device).name;
    if (!device.busy || kind.empty()) continue;
    TRY_ASSIGN(const auto request, activity_request(guest.agent, facts, device));
    const auto answer = guest.agent.ask(request, device.activity, Seconds(60));
    if (!answer)
      return tl::unexpected(in_kernels_words(
          guest, answer.error().because(device.name + " cannot be made busy"), {device}));
    const auto started = record::read<record::answer::ActivityStart>(*answer);
    guest.recorder.event(record::event::Activity{.device = device.name,
                                                 .kind = kind,
                                                 .state = "started",
                                                 .node = started.node,
                                                 .ring = started.ring});
  }
  return {};
}

/// Actions of the scenario while the devices work. A model's driver then arms it anew, as a
/// kernel's driver does after a reset.
Result<void> production_actions(const scenario::Case& one, const ArmedFacts& facts,
                                const GuestSide& guest, const MachineSide& machine,
                                const DeviceServers& servers) {
  if (one.steps.production.empty()) return {};
  TRY(act(one, ActAt::production, guest, machine, servers));
  for (const auto& device : one.devices) {
    if (!device.busy || !runs_model(device)) continue;
    TRY_ASSIGN(auto request, activity_request(guest.agent, facts, device));
    request.restart = true;
    const auto answer = guest.agent.ask(request, device.activity, Seconds(60));
    if (!answer && answer.error().code() != Errc::unsupported)
      return tl::unexpected(answer.error());
    guest.recorder.event(
        record::event::Activity{.device = device.name,
                                .kind = scenario::activity_of(device).name,
                                .state = answer ? "restarted" : "failed",
                                .message = answer ? std::string() : answer.error().describe()});
  }
  return {};
}

bool was_acted_on(const scenario::Case& one, const std::string& device) {
  return std::ranges::any_of(one.steps.production, [&](const scenario::Action& action) {
    return action.what != scenario::ActionKind::nothing &&
           (action.devices.empty() ||
            std::ranges::find(action.devices, device) != action.devices.end());
  });
}

std::vector<scenario::PlannedDevice> devices_named(const scenario::Case& one,
                                                   const std::string& name) {
  std::vector<scenario::PlannedDevice> devices;
  std::ranges::copy_if(one.devices, std::back_inserter(devices),
                       [&](const auto& device) { return device.name == name; });
  return devices;
}

/// Every busy device must have done something, or the crash would hit an idle machine. One that the
/// scenario's own actions have hit may have died of them: that is a finding, and no reason to end.
Result<void> check_busy(const scenario::Case& one, const GuestSide& guest) {
  TRY_ASSIGN(const json answer, guest.agent.ask(record::request::ActivityStatus(), Seconds(30)));
  for (const auto& activity : record::read<record::answer::ActivityStatus>(answer).activities) {
    guest.recorder.event(activity);
    if (activity.state != "failed" && activity.operations.value_or(0) > 0) continue;
    if (was_acted_on(one, activity.device)) continue;
    const auto why =
        Error(Errc::unsupported,
              fmt::format("the device {} is not busy in the production kernel ({}: {})",
                          activity.device, activity.kind, activity.message.value_or("")));
    return tl::unexpected(in_kernels_words(guest, why, devices_named(one, activity.device)));
  }
  return {};
}

/// What the machine looks like while all work.
Result<void> look(const scenario::Case& one, const ArmedFacts& facts, const GuestSide& guest,
                  const MachineSide& machine) {
  auto& control = machine.control;
  auto& recorder = machine.recorder;
  TRY(take_interrupts(guest, record::mark::production));
  TRY(take_agent_pci(guest, record::mark::production));
  TRY(take_screen_pair(guest, control, one.devices, record::mark::production,
                       facts.production_font));
  TRY(control.pause());
  TRY(take_pci(control, recorder, record::mark::production));
  TRY(take_rings(control, recorder, one.devices, record::mark::production));
  TRY(control.resume());
  recorder.mark(record::mark::production);
  return {};
}

}  // namespace

Result<void> make_busy(const scenario::Case& one, const ArmedFacts& facts, const GuestSide& guest,
                       const MachineSide& machine, const Drive& drive) {
  TRY(start_activities(one, facts, guest, drive.feeder));
  guest.recorder.note("devices busy");
  // The control lies inside the busy time: first half to settle, second half to watch.
  const Seconds busy = one.panic.busy;
  TRY(guest.waits.linger(busy / 2));
  TRY(production_actions(one, facts, guest, machine, drive.servers));
  TRY(machine.watch.control_begin());
  TRY(guest.waits.linger(busy / 2));
  TRY(check_busy(one, guest));
  TRY(machine.watch.control_end());
  return look(one, facts, guest, machine);
}

}  // namespace quiesce::run
