// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/resolve.hpp"

#include "harness/cli/model_profiles.hpp"
#include "harness/cli/qemu_choice.hpp"
#include "harness/vm/qemu.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

Result<scenario::RunPlan> resolve(const scenario::Scenario& scenario, const Places& places,
                                  const Resolving& how) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  scenario::RunPlan plan{.scenario = scenario};
  TRY_ASSIGN(plan.devices, scenario::place_devices(scenario, how.profiles));
  name_servers(plan.devices, how.program);
  const Needs needs = scenario::needs_vfio_user(plan.devices) ? Needs::vfio_user : Needs::any;
  TRY_ASSIGN(const QemuChoice chosen, choose_qemu(how.qemu, needs, store));
  TRY_ASSIGN(const vm::Accelerator accelerator,
             vm::choose_accelerator(scenario.machine.accel, chosen.qemu));
  plan.accel = accelerator.name;
  plan.accel_reason = accelerator.reason;
  plan.qemu = chosen.qemu.path;

  TRY_ASSIGN(const builder::Kernel production,
             builder::resolve(scenario.production.kernel, store, builder::Fetch::allowed));
  const bool same = scenario.capture.kernel == "same";
  TRY_ASSIGN(const builder::Kernel capture,
             builder::resolve(same ? scenario.production.kernel : scenario.capture.kernel, store,
                              builder::Fetch::allowed));
  TRY(builder::check_kernel(production, "production", plan.devices));
  TRY(builder::check_kernel(capture, "capture", plan.devices));
  TRY_ASSIGN(const builder::Images images,
             builder::build(production, capture, plan.devices, places.agent, store));
  plan.production = images.production;
  plan.capture = images.capture;
  return plan;
}

}  // namespace quiesce::cli
