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
    const auto before = writes_by_now(devices);
    const double began = session_.dir.now();
    TRY_ASSIGN(const json answer, ask(action, devices));
    const double ended = session_.dir.now();
    TRY(settle());
    const double settled = session_.dir.now();
    for (const auto* device : devices)
      session_.dir.event(record::event::reset_action,
                         event_of(number, action, *device, answer, {began, ended, settled}));
    if (at_ != ActAt::before_drivers || !session_.plan.scenario.steps.climb)
      return states(number, devices);
    TRY(states(number, devices));
    const auto after = writes_by_now(devices);
    return probe(number, devices, settled_before_, before, after);
  }

 private:
  struct Times {
    double began, ended, settled;
  };

  std::vector<const PlannedDevice*> chosen(const Action& action) const {
    std::vector<const PlannedDevice*> devices;
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

  Result<json> ask(const Action& action, const std::vector<const PlannedDevice*>& devices) {
    json addresses = json::array();
    for (const auto* device : devices) addresses.push_back(to_string(device->address));
    json parameters{
        {"do", word(action.what)}, {"addresses", addresses}, {"ready_seconds", ready_seconds}};
    if (!action.method.empty()) parameters["method"] = action.method;
    session_.note(
        fmt::format("{} {} on {} device(s)", word(action.what), action.method, devices.size()));
    return session_.ask("pci-action", parameters, action_patience);
  }

  /// The machine runs on; then a pass while it stands still.
  Result<void> settle() {
    TRY(stop_and_pass());
    settled_before_ = session_.watch->writes();
    TRY(session_.resume());
    TRY_ASSIGN(const Wait waited, session_.linger(session_.plan.scenario.steps.settle));
    if (waited == Wait::guest_down)
      return fail(Errc::closed, "the guest went down after an action on its devices");
    TRY(stop_and_pass());
    return session_.resume();
  }

  Result<void> stop_and_pass() {
    TRY(session_.pause());
    return session_.watch->pass();
  }

  json event_of(std::size_t number, const Action& action, const PlannedDevice& device,
                const json& answer, const Times& times) const {
    json event{{"at", at_ == ActAt::production ? "production" : "before-drivers"},
               {"number", number},
               {"climb", session_.plan.scenario.steps.climb},
               {"do", word(action.what)},
               {"method", action.method},
               {"device", device.name},
               {"address", to_string(device.address)},
               {"ok", false},
               {"error", "the agent said nothing of it"},
               {"began", times.began},
               {"ended", times.ended},
               {"settled", times.settled}};
    const auto functions = answer.find("functions");
    if (functions == answer.end() || !functions->is_array()) return event;
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
  Result<void> states(std::size_t number, const std::vector<const PlannedDevice*>& devices) {
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

  struct Writes {
    std::uint64_t tagged = 0;
    std::uint64_t ledger = 0;
  };

  std::map<std::string, Writes> writes_by_now(
      const std::vector<const PlannedDevice*>& devices) const {
    std::map<std::string, Writes> writes;
    const auto& seen = session_.watch->writes();
    for (const auto* device : devices) {
      const auto tagged = seen.tagged.find(device->name);
      writes[device->name] = {tagged == seen.tagged.end() ? 0 : tagged->second,
                              session_.servers->ledger_writes(device->name)};
    }
    return writes;
  }

  /// A device that wrote nothing while it settled is tried; one that works is left alone from now
  /// on.
  Result<void> probe(std::size_t number, const std::vector<const PlannedDevice*>& devices,
                     const StrayWatch::Writes& settled, const std::map<std::string, Writes>&,
                     const std::map<std::string, Writes>& after) {
    for (const auto* device : devices) {
      const auto before = settled.tagged.find(device->name);
      const std::uint64_t tagged = before == settled.tagged.end() ? 0 : before->second;
      if (after.at(device->name).tagged != tagged) continue;
      if (!is_model(*device)) {
        back_.insert(device->name);
        continue;
      }
      TRY(probe_model(number, *device));
    }
    return {};
  }

  Result<void> probe_model(std::size_t number, const PlannedDevice& device) {
    json parameters = device.profile.test;
    parameters["device"] = device.name;
    parameters["address"] = to_string(device.address);
    parameters["seed"] = session_.plan.scenario.seed;
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
  StrayWatch::Writes settled_before_;
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
