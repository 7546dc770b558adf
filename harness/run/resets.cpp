// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/resets.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"

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
  return text_at(device.activity, "kind") == "model-run";
}

/// One list of actions on its way.
class Climb {
 public:
  Climb(Session& session, ActAt at) : session_(session), at_(at) {}

  Result<void> act(std::size_t number, const Action& action) {
    const auto devices = chosen(action);
    if (devices.empty()) return {};
    session_.note(fmt::format("{}{}{} on {} device(s)", word(action.what),
                              action.method.empty() ? "" : " ", action.method, devices.size()));
    std::vector<Done> all;
    // One request a device, so that each has times of its own; those that share a bus are reset
    // together.
    for (const auto& group : groups(action, devices)) {
      const double began = session_.dir.now();
      TRY_ASSIGN(const json answer, ask(action, group));
      all.push_back({group, answer, began, session_.dir.now()});
    }
    TRY(settle());
    const double settled = session_.dir.now();
    for (const Done& done : all)
      for (const auto* device : done.devices)
        session_.dir.event(record::event::reset_action,
                           event_of(number, action, *device, done, settled));
    TRY(states(number, devices));
    if (at_ != ActAt::before_drivers || !session_.plan.scenario.steps.climb) return {};
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
    for (const auto& device : session_.plan.devices) {
      const bool named = std::ranges::find(action.devices, device.name) != action.devices.end();
      // A display's port must be spared: nobody asks for its reset by asking for all.
      const bool meant = action.devices.empty() ? device.busy && !is_display(device) : named;
      if (meant && !back_.contains(device.name)) devices.push_back(&device);
    }
    return devices;
  }

  static bool is_display(const PlannedDevice& device) {
    return text_at(device.activity, "kind") == "console";
  }

  Result<json> ask(const Action& action, const Devices& devices) {
    json addresses = json::array();
    for (const auto* device : devices) addresses.push_back(to_string(device->address));
    json parameters{
        {"do", word(action.what)}, {"addresses", addresses}, {"ready_seconds", ready_seconds}};
    if (!action.method.empty()) parameters["method"] = action.method;
    return session_.ask("pci-action", parameters, action_patience);
  }

  /// The machine runs on; then a pass while it stands still.
  Result<void> settle() {
    TRY(stop_and_pass());
    settled_before_ = all_written_by_now();
    TRY(session_.resume());
    TRY_ASSIGN(const Wait waited, session_.linger(session_.plan.scenario.steps.settle));
    if (waited == Wait::guest_down)
      return fail(Errc::closed, "the guest went down after an action on its devices");
    TRY(stop_and_pass());
    settled_ = all_written_by_now();
    return session_.resume();
  }

  Result<void> stop_and_pass() {
    TRY(session_.pause());
    return session_.watch->pass();
  }

  json event_of(std::size_t number, const Action& action, const PlannedDevice& device,
                const Done& done, double settled) const {
    json event{{"at", at_ == ActAt::production ? "production" : "before-drivers"},
               {"number", number},
               {"climb", session_.plan.scenario.steps.climb},
               {"do", word(action.what)},
               {"method", action.method},
               {"device", device.name},
               {"address", to_string(device.address)},
               {"ok", false},
               {"error", "the agent said nothing of it"},
               {"began", done.began},
               {"ended", done.ended},
               {"settled", settled}};
    const auto functions = done.answer.find("functions");
    if (functions == done.answer.end() || !functions->is_array()) return event;
    for (const auto& function : *functions) {
      if (!function.is_object() || text_at(function, "address") != to_string(device.address))
        continue;
      for (const char* key : {"ok", "error", "ready_ms", "methods", "before", "after", "restored",
                              "guest_began", "guest_ended"})
        if (function.contains(key)) event[key] = function[key];
    }
    return event;
  }

  /// Registers of the models as they are now.
  Result<void> states(std::size_t number, const Devices& devices) {
    for (const auto* device : devices) {
      if (!is_model(*device)) continue;
      auto answer =
          session_.ask("model-state", {{"address", to_string(device->address)}}, Seconds(30));
      if (!answer && answer.error().code() != Errc::unsupported)
        return tl::unexpected(answer.error());
      json event{{"number", number}, {"device", device->name}};
      if (answer)
        event.update(*answer);
      else
        event["error"] = answer.error().describe();
      event.erase("op");
      event.erase("guest");
      session_.dir.event(record::event::reset_state, event);
    }
    return {};
  }

  /// How much the device has written by now: tagged pages that changed, and writes of its ledger,
  /// which also knows of those without a tag.
  std::uint64_t written_by_now(const std::string& device) const {
    const auto& tagged = session_.watch->writes().tagged;
    const auto found = tagged.find(device);
    return (found == tagged.end() ? 0 : found->second) + session_.servers->ledger_writes(device);
  }

  std::map<std::string, std::uint64_t> all_written_by_now() const {
    std::map<std::string, std::uint64_t> all;
    for (const auto& device : session_.plan.devices) all[device.name] = written_by_now(device.name);
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
    json parameters = device.profile.test;
    parameters["device"] = device.name;
    parameters["address"] = to_string(device.address);
    parameters["seed"] = session_.plan.scenario.seed;
    // As after this rung alone: a reset of the test's own would be another rung.
    parameters["reset_first"] = "none";
    auto answer = session_.ask("test", parameters, Seconds(60));
    if (!answer && answer.error().code() != Errc::unsupported)
      return tl::unexpected(answer.error());
    const bool works = answer && answer->value("ok", json(false)) == json(true);
    session_.dir.event(
        record::event::reset_probe,
        {{"number", number},
         {"device", device.name},
         {"works", works},
         {"detail", answer ? text_at(*answer, "detail") : answer.error().describe()}});
    if (works) back_.insert(device.name);
    return {};
  }

  Session& session_;
  ActAt at_;
  std::set<std::string> back_;  ///< stopped, and working again
  /// How much each device had written before and after it was let settle.
  std::map<std::string, std::uint64_t> settled_before_, settled_;
};

}  // namespace

Result<void> act(Session& session, ActAt at) {
  const auto& steps = session.plan.scenario.steps;
  const auto& actions = at == ActAt::production ? steps.production : steps.before_drivers;
  Climb climb(session, at);
  for (std::size_t number = 0; number < actions.size(); ++number)
    TRY(climb.act(number, actions[number]));
  return {};
}

}  // namespace quiesce::run
