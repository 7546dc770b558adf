// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/loads.hpp"

#include <algorithm>

#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

bool is_of(const scenario::PlannedDevice& device, const Load& load) {
  return std::ranges::any_of(device.profile.modules, [&](const std::string& module) {
    return scenario::same_module(load.module, module);
  });
}

/// The driver's own module; of a driver that is called otherwise the first one of the device's.
const Load* own_load(const std::vector<Load>& loads, const scenario::PlannedDevice& device,
                     double until) {
  const Load* first = nullptr;
  for (const Load& load : loads) {
    if (load.from >= until || !is_of(device, load)) continue;
    if (scenario::same_module(load.module, device.profile.driver)) return &load;
    if (first == nullptr) first = &load;
  }
  return first;
}

}  // namespace

std::optional<double> asked_at(const evidence::Run& run) {
  const auto requests = run.said<record::request::Modules>("capture");
  if (requests.empty()) return std::nullopt;
  return requests.front().t;
}

std::vector<Load> loads(const evidence::Run& run) {
  std::vector<Load> all;
  for (const auto& told : run.said<record::said::Module>("capture"))
    if (told.ms && told.guest)
      all.push_back({told.module, *told.guest - *told.ms / 1000.0, *told.guest, told.t});
  return all;
}

std::optional<Begin> begin_of(const std::vector<Load>& loads, const scenario::PlannedDevice& device,
                              double bound) {
  const Load* own = own_load(loads, device, bound);
  if (own == nullptr) return std::nullopt;
  Begin begin{*own, std::nullopt};
  for (const Load& load : loads)
    if (load.from < own->from && (!begin.longest || load.seconds() > begin.longest->seconds()))
      begin.longest = load;
  return begin;
}

}  // namespace quiesce::checks
