// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/plan.hpp"

#include <algorithm>
#include <set>

#include "harness/scenario/json_text.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

/// The profile's activity with the scenario's values in it.
json merged(json activity, const json& overrides) {
  if (overrides.is_object())
    for (const auto& [key, value] : overrides.items()) activity[key] = value;
  return activity;
}

/// Two devices with one name or one place would be one device in the evidence.
void check_places(const RunPlan& plan, Report& report) {
  std::set<std::string> names;
  std::set<PciAddress> addresses;
  for (std::size_t at = 0; at < plan.devices.size(); ++at) {
    const PlannedDevice& device = plan.devices[at];
    if (!names.insert(device.name).second)
      report.add(below(below("/devices", at), "name"), "this name is given twice");
    if (!addresses.insert(device.address).second)
      report.add(below(below("/devices", at), "address"), "this address is given twice");
  }
}

}  // namespace

Result<std::vector<PlannedDevice>> place_devices(const Scenario& scenario,
                                                 const std::vector<Profile>& profiles) {
  if (scenario.devices.size() > most_devices)
    return fail(Errc::invalid_input, "{} devices, but bus 0 has slots for {}",
                scenario.devices.size(), most_devices);
  std::vector<PlannedDevice> planned;
  for (const auto& device : scenario.devices) {
    const auto same = [&](const Profile& profile) { return profile.name == device.profile; };
    const auto profile = std::ranges::find_if(profiles, same);
    if (profile == profiles.end())
      return fail(Errc::not_found, "device \"{}\": there is no profile \"{}\"", device.name,
                  device.profile);
    const auto slot = static_cast<std::uint8_t>(first_slot + planned.size());
    planned.push_back({.name = device.name,
                       .profile = *profile,
                       .activity = merged(profile->activity, device.activity),
                       .busy = device.busy,
                       .driver_in_capture = device.driver_in_capture,
                       .address = {.device = slot},
                       .mac = profile->backend == "net" ? fmt::format("52:54:00:51:00:{:02x}", slot)
                                                        : std::string()});
  }
  return planned;
}

json to_json(const RunPlan& plan) {
  return write_object(plan_fields(), plan);
}

Result<RunPlan> plan_from_json(const json& json) {
  if (!is_shallow(json))
    return fail(Errc::invalid_input, "run plan: nested deeper than {} levels", deepest);
  Report report("run plan");
  RunPlan plan;
  read_object(plan_fields(), plan, json, "", report);
  if (report.empty()) check_places(plan, report);
  if (report.empty()) return plan;
  std::string all;
  for (const auto& diagnostic : report.take())
    all += (all.empty() ? "" : "; ") + diagnostic.describe();
  return fail(Errc::invalid_input, "{}", all);
}

}  // namespace quiesce::scenario
