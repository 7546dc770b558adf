// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/resolve.hpp"

#include "harness/dispatch/model_profiles.hpp"
#include "harness/dispatch/qemu_choice.hpp"
#include "harness/vm/qemu.hpp"

namespace quiesce::dispatch {

namespace {

/// Minutes pass when it must be fetched, so that is said.
Result<builder::Kernel> kernel_of(const std::string& spec, const builder::Store& store,
                                  const builder::Observer& on_step) {
  builder::observe(on_step, fmt::format("looking at kernel {}", spec));
  auto kernel = builder::resolve(spec, store, builder::Fetch::forbidden);
  if (kernel || kernel.error().code() != Errc::not_found) return kernel;
  builder::observe(on_step, fmt::format("fetching kernel {}", spec));
  return builder::resolve(spec, store, builder::Fetch::allowed, on_step);
}

}  // namespace

Result<scenario::RunPlan> resolve(const scenario::Scenario& scenario, const Places& places,
                                  const Resolving& how) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  scenario::RunPlan plan{.scenario = scenario};
  TRY_ASSIGN(plan.devices, scenario::place_devices(scenario, how.profiles));
  name_servers(plan.devices, how.program);
  builder::observe(how.on_step, "looking for a QEMU");
  TRY_ASSIGN(const QemuChoice chosen, choose_qemu(how.qemu, vm::demands_of(plan.devices), store));
  TRY_ASSIGN(const vm::Accelerator accelerator,
             vm::choose_accelerator(scenario.machine.accel, chosen.qemu));
  plan.accel = accelerator.name;
  plan.accel_reason = accelerator.reason;
  plan.qemu = chosen.qemu.path;

  TRY_ASSIGN(const builder::Kernel production,
             kernel_of(scenario.production.kernel, store, how.on_step));
  builder::Kernel capture = production;
  if (scenario.capture.kernel != "same") {
    TRY_ASSIGN(capture, kernel_of(scenario.capture.kernel, store, how.on_step));
  }
  TRY(builder::check_kernel(production, "production", plan.devices));
  TRY(builder::check_kernel(capture, "capture", plan.devices));
  builder::observe(how.on_step, "building the boot images");
  TRY_ASSIGN(const builder::Images images,
             builder::build(production, capture, plan.devices, places.agent, store));
  plan.production = images.production;
  plan.capture = images.capture;
  return plan;
}

}  // namespace quiesce::dispatch
