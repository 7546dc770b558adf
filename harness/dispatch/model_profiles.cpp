// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/model_profiles.hpp"

#include "devices/models/model.hpp"
#include "harness/wire/work.hpp"

namespace quiesce::dispatch {

using nlohmann::json;

std::vector<scenario::Profile> model_profiles() {
  std::vector<scenario::Profile> profiles;
  for (const auto* model : models::registry()) {
    scenario::Profile profile;
    profile.name = model->name;
    profile.description = "Reference model: " + model->description;
    profile.qemu = {{{"driver", "vfio-user-pci"},
                     {"id", "@name"},
                     {"addr", "@addr"},
                     {"bus", "@port"},
                     {"socket", "@socket"}}};
    profile.activity = model->activity;
    profile.test = {{"kind", wire::test::model_copy}, {"bytes", 4096}};
    profile.writes_tagged = true;
    // A model has PCI Express with FLR, power management, and sits alone behind its port.
    profile.reset_methods = {"flr", "pm", "bus"};
    profile.server = scenario::ServerSpec{.model = model->name, .command = {}, .socket = {}};
    for (const auto& setting : model->settings) profile.settings[setting.name] = setting.fallback;
    profile.port = true;
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

void name_servers(std::vector<scenario::PlannedDevice>& devices,
                  const std::filesystem::path& program) {
  for (auto& device : devices) {
    if (!device.server || device.server->model.empty()) continue;
    device.server->command = {program.string(), "device",    "serve",        device.server->model,
                              "--listen-fd",    "@listener", "--name",       "@name",
                              "--seed",         "@seed",     "--settings",   "@settings",
                              "--ledger-fd",    "@ledger",   "--control-fd", "@control"};
    // What it writes without tags no watch can name by itself.
    if (!device.settings.value("tagged", true)) {
      device.profile.writes_tagged = false;
      device.profile.test["tagged"] = false;
    }
  }
}

}  // namespace quiesce::dispatch
