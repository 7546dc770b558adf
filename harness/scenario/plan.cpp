// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "harness/scenario/json_text.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/scenario/tables.hpp"

namespace quiesce::scenario {

namespace {

using nlohmann::json;

bool has_mac(const Profile& profile) {
  const Backend* backend = find_backend(profile.backend);
  return backend != nullptr && backend->has_mac;
}

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

/// Hands out the slots of bus 0, in the order of the devices, and the functions behind root ports.
class Places {
 public:
  Result<void> place(PlannedDevice& device, const DeviceSpec& spec) {
    if (!spec.port.empty()) return behind(device, spec.port);
    if (device.profile.port) return behind(device, own_port(device.name));
    TRY_ASSIGN(device.address.device, next_slot());
    return {};
  }

 private:
  struct Port {
    int slot = 0;
    std::uint8_t bus = 0;
    std::uint8_t functions = 0;
  };

  Result<std::uint8_t> next_slot() {
    if (slot_ > last_slot)
      return fail(Errc::invalid_input, "bus 0 has slots for {} devices and root ports only",
                  most_devices);
    return static_cast<std::uint8_t>(slot_++);
  }

  Result<void> behind(PlannedDevice& device, const std::string& name) {
    const auto [found, is_new] = ports_.try_emplace(name);
    Port& port = found->second;
    if (is_new) {
      TRY_ASSIGN(port.slot, next_slot());
      // Firmware numbers the buses in the order of the bridges' slots (SeaBIOS,
      // pci_bios_init_bus_rec), and Linux keeps what it finds.
      port.bus = static_cast<std::uint8_t>(ports_.size());
    }
    device.port = name;
    device.port_slot = port.slot;
    device.address.bus = port.bus;
    device.address.function = port.functions++;
    return {};
  }

  unsigned slot_ = first_slot;
  std::map<std::string, Port> ports_;
};

/// Functions of one device know of each other: QEMU wants it said.
void mark_shared(std::vector<PlannedDevice>& devices) {
  for (auto& device : devices)
    device.shared =
        !device.port.empty() && std::ranges::count(devices, device.port, &PlannedDevice::port) > 1;
}

}  // namespace

bool needs_vfio_user(const std::vector<PlannedDevice>& devices) {
  return std::ranges::any_of(devices, [](const auto& device) { return device.server.has_value(); });
}

Result<std::vector<PlannedDevice>> place_devices(const Scenario& scenario,
                                                 const std::vector<Profile>& profiles) {
  if (scenario.devices.size() > most_devices)
    return fail(Errc::invalid_input, "{} devices, but bus 0 has slots for {}",
                scenario.devices.size(), most_devices);
  std::vector<PlannedDevice> planned;
  Places places;
  for (const auto& device : scenario.devices) {
    const Profile* profile = device.written_out ? &*device.written_out : nullptr;
    for (const auto& known : profiles)
      if (profile == nullptr && known.name == device.profile) profile = &known;
    if (profile == nullptr)
      return fail(Errc::not_found, "device \"{}\": there is no profile \"{}\"", device.name,
                  device.profile);
    // Network devices behind one port share its slot, not its number.
    const auto number = first_slot + planned.size();
    PlannedDevice& one = planned.emplace_back(PlannedDevice{
        .name = device.name,
        .profile = *profile,
        .activity = merged(profile->activity, device.activity),
        .busy = device.busy,
        .driver_in_capture = device.driver_in_capture,
        .address = {},
        .mac = has_mac(*profile) ? fmt::format("52:54:00:51:00:{:02x}", number) : std::string(),
        .settings = merged(profile->settings, device.settings),
        .server = device.server && !device.server->empty() ? device.server : profile->server});
    TRY(places.place(one, device));
  }
  mark_shared(planned);
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
