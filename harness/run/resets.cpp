// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/resets.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/record/agent.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;
using scenario::Action;
using scenario::ActionKind;
using scenario::PlannedDevice;

namespace {

/// The kernel itself waits up to 60 s for a device after a reset (drivers/pci/pci.c, pci_dev_wait).
constexpr double ready_seconds = 60;
constexpr Seconds action_patience{150};

const char* word(ActionKind kind) {
  switch (kind) {
    case ActionKind::nothing:
      return "nothing";
    case ActionKind::bus_master_off:
      return "bus-master-off";
    case ActionKind::reset:
      return "reset";
    case ActionKind::hot_reset:
      return "hot-reset";
    case ActionKind::remove_rescan:
      return "remove-rescan";
    case ActionKind::d3hot:
      return "d3hot";
  }
  return "nothing";
}

bool is_model(const PlannedDevice& device) {
  return scenario::activity_of(device).model;
}

/// One list of actions on its way.
class Climb {
 public:
  Climb(const scenario::Case& one, ActAt at, const GuestSide& guest, const MachineSide& machine,
        const DeviceServers& servers)
      : case_(one), at_(at), guest_(guest), machine_(machine), servers_(servers) {}

  Result<void> act(std::size_t number, const Action& action) {
    const auto devices = chosen(action);
    if (devices.empty()) return {};
    guest_.recorder.note(fmt::format("{}{}{} on {} device(s)", word(action.what),
                                     action.method.empty() ? "" : " ", action.method,
                                     devices.size()));
    std::vector<Done> all;
    // One request a device, so that each has times of its own; those that share a bus are reset
    // together.
    for (const auto& group : groups(action, devices)) {
      const double began = guest_.recorder.now();
      TRY_ASSIGN(const json answer, ask(action, group));
      all.push_back({group, answer, began, guest_.recorder.now()});
    }
    TRY(settle());
    const double settled = guest_.recorder.now();
    for (const Done& done : all)
      for (const auto* device : done.devices)
        guest_.recorder.event(event_of(number, action, *device, done, settled));
    TRY(states(number, devices));
    if (at_ != ActAt::before_drivers || !case_.steps.climb) return {};
    // Doing nothing brings nobody back.
    if (action.what == ActionKind::nothing) return {};
    return probe(number, devices);
  }

 private:
  using Devices = std::vector<const PlannedDevice*>;
  /// What was asked for at once, and when.
  struct Done {
    Devices devices;
    json answer;
    double began = 0, ended = 0;
  };

  static std::vector<Devices> groups(const Action& action, const Devices& devices) {
    std::vector<Devices> all;
    std::map<std::string, std::size_t> by_port;
    for (const auto* device : devices) {
      const bool whole_bus = action.what == ActionKind::hot_reset && !device->port.empty();
      const auto place = whole_bus ? by_port.try_emplace(device->port, all.size())
                                   : std::pair(by_port.end(), true);
      if (place.second)
        all.push_back({device});
      else
        all[place.first->second].push_back(device);
    }
    return all;
  }

  Devices chosen(const Action& action) const {
    Devices devices;
    for (const auto& device : case_.devices) {
      const bool named = std::ranges::find(action.devices, device.name) != action.devices.end();
      // A display's port must be spared: nobody asks for its reset by asking for all.
      const bool meant = action.devices.empty() ? device.busy && !is_display(device) : named;
      if (meant && !back_.contains(device.name)) devices.push_back(&device);
    }
    return devices;
  }

  static bool is_display(const PlannedDevice& device) {
    return scenario::activity_of(device).shows_console;
  }

  Result<json> ask(const Action& action, const Devices& devices) {
    record::request::PciAction request{
        .action = word(action.what), .addresses = {}, .ready_seconds = ready_seconds};
    for (const auto* device : devices) request.addresses.push_back(to_string(device->address));
    if (!action.method.empty()) request.method = action.method;
    return guest_.agent.ask(request, action_patience);
  }

  /// The machine runs on; then a pass while it stands still.
  Result<void> settle() {
    TRY(stop_and_pass());
    settled_before_ = all_written_by_now();
    TRY(machine_.control.resume());
    TRY_ASSIGN(const Wait waited, guest_.waits.linger(case_.steps.settle));
    if (waited == Wait::guest_down)
      return fail(Errc::closed, "the guest went down after an action on its devices");
    TRY(stop_and_pass());
    settled_ = all_written_by_now();
    return machine_.control.resume();
  }

  Result<void> stop_and_pass() {
    TRY(machine_.control.pause());
    return machine_.watch.pass();
  }

  record::event::ResetAction event_of(std::size_t number, const Action& action,
                                      const PlannedDevice& device, const Done& done,
                                      double settled) const {
    record::event::ResetAction event;
    for (const auto& function : record::read<record::answer::PciAction>(done.answer).functions) {
      // How it went has the same fields there.
      auto one = record::read<record::event::ResetAction>(function);
      if (one.address == to_string(device.address)) event = std::move(one);
    }
    if (event.address.empty()) event.error = "the agent said nothing of it";
    event.ok = event.ok.value_or(false);
    event.at = at_ == ActAt::production ? "production" : "before-drivers";
    event.number = number;
    event.climb = case_.steps.climb;
    event.action = word(action.what);
    event.method = action.method;
    event.device = device.name;
    event.address = to_string(device.address);
    event.began = done.began;
    event.ended = done.ended;
    event.settled = settled;
    return event;
  }

  /// Registers of the models as they are now.
  Result<void> states(std::size_t number, const Devices& devices) {
    for (const auto* device : devices) {
      if (!is_model(*device)) continue;
      auto answer =
          guest_.agent.ask(record::request::ModelState{to_string(device->address)}, Seconds(30));
      if (!answer && answer.error().code() != Errc::unsupported)
        return tl::unexpected(answer.error());
      auto event = record::read<record::event::ResetState>(answer ? *answer : json::object());
      event.number = number;
      event.device = device->name;
      if (!answer) event.error = answer.error().describe();
      guest_.recorder.event(event);
    }
    return {};
  }

  /// How much the device has written by now: tagged pages that changed, and writes of its ledger,
  /// which also knows of those without a tag.
  std::uint64_t written_by_now(const std::string& device) const {
    const auto& tagged = machine_.watch.writes().tagged;
    const auto found = tagged.find(device);
    return (found == tagged.end() ? 0 : found->second) + servers_.ledger_writes(device);
  }

  std::map<std::string, std::uint64_t> all_written_by_now() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& device : case_.devices) all[device.name] = written_by_now(device.name);
    return all;
  }

  /// A device that wrote nothing while it settled is tried; one that works is left alone from now
  /// on. One that cannot be tried is left alone when it was seen to write before: of what was never
  /// seen to write nobody knows which rung stopped it, so it climbs them all.
  Result<void> probe(std::size_t number, const Devices& devices) {
    for (const auto* device : devices) {
      if (settled_.at(device->name) != settled_before_.at(device->name)) continue;
      if (is_model(*device))
        TRY(probe_model(number, *device));
      else if (settled_.at(device->name) > 0)
        back_.insert(device->name);
    }
    return {};
  }

  Result<void> probe_model(std::size_t number, const PlannedDevice& device) {
    auto request = guest_.agent.about<record::request::Test>(device);
    // As after this rung alone: a reset of the test's own would be another rung.
    request.reset_first = "none";
    auto answer = guest_.agent.ask(request, device.profile.test, Seconds(60));
    if (!answer && answer.error().code() != Errc::unsupported)
      return tl::unexpected(answer.error());
    const auto result = record::read<record::answer::Test>(answer ? *answer : json());
    const bool works = result.ok.value_or(false);
    guest_.recorder.event(record::event::ResetProbe{
        .number = number,
        .device = device.name,
        .works = works,
        .detail = answer ? result.detail.value_or("") : answer.error().describe()});
    if (works) back_.insert(device.name);
    return {};
  }

  const scenario::Case& case_;
  ActAt at_;
  const GuestSide& guest_;
  const MachineSide& machine_;
  const DeviceServers& servers_;
  std::set<std::string> back_;  ///< stopped, and working again
  /// How much each device had written before and after it was let settle.
  std::map<std::string, std::uint64_t> settled_before_, settled_;
};

}  // namespace

Result<void> act(const scenario::Case& one, ActAt at, const GuestSide& guest,
                 const MachineSide& machine, const DeviceServers& servers) {
  const auto& actions = at == ActAt::production ? one.steps.production : one.steps.before_drivers;
  Climb climb(one, at, guest, machine, servers);
  for (std::size_t number = 0; number < actions.size(); ++number)
    TRY(climb.act(number, actions[number]));
  return {};
}

}  // namespace quiesce::run
