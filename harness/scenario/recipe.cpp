// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/recipe.hpp"

#include "harness/base/digest.hpp"

namespace quiesce::scenario {

using nlohmann::json;

namespace {

/// The device as it sits in the machine, whatever is done with it.
PlannedDevice at_rest(PlannedDevice device) {
  device.activity = json::object();
  device.busy = true;
  device.driver_in_capture = true;
  return device;
}

}  // namespace

Recipe recipe_of(const RunPlan& plan) {
  Recipe recipe{.production = plan.production,
                .capture = plan.capture,
                .qemu = plan.qemu,
                .accel = plan.accel,
                .accel_reason = plan.accel_reason,
                .machine = plan.scenario.machine,
                .production_spec = plan.scenario.production,
                .capture_spec = plan.scenario.capture,
                .devices = {},
                .seed = plan.scenario.seed};
  for (const auto& device : plan.devices) recipe.devices.push_back(at_rest(device));
  return recipe;
}

Case case_of(const RunPlan& plan) {
  const Scenario& scenario = plan.scenario;
  return {.name = scenario.name,
          .description = scenario.description,
          .specs = scenario.devices,
          .devices = plan.devices,
          .panic = scenario.panic,
          .steps = scenario.steps,
          .timeouts = scenario.timeouts,
          .seed = scenario.seed,
          .checks = scenario.checks};
}

RunPlan bare_plan(const Recipe& recipe) {
  RunPlan plan{.scenario = {.machine = recipe.machine,
                            .production = recipe.production_spec,
                            .capture = recipe.capture_spec,
                            .devices = {},
                            .panic = {},
                            .steps = {},
                            .timeouts = {},
                            .seed = recipe.seed,
                            .checks = {}},
               .devices = recipe.devices,
               .production = recipe.production,
               .capture = recipe.capture,
               .accel = recipe.accel,
               .accel_reason = recipe.accel_reason,
               .qemu = recipe.qemu};
  plan.scenario.name = "recipe";
  return plan;
}

RunPlan join(const Recipe& recipe, const Case& one) {
  RunPlan plan = bare_plan(recipe);
  plan.scenario.name = one.name;
  plan.scenario.description = one.description;
  plan.scenario.devices = one.specs;
  plan.scenario.panic = one.panic;
  plan.scenario.steps = one.steps;
  plan.scenario.timeouts = one.timeouts;
  plan.scenario.seed = one.seed;
  plan.scenario.checks = one.checks;
  plan.devices = one.devices;
  return plan;
}

json to_json(const Recipe& recipe) {
  return to_json(bare_plan(recipe));
}

Result<Recipe> recipe_from_json(const json& given) {
  TRY_ASSIGN(const RunPlan plan, plan_from_json(given));
  return recipe_of(plan);
}

std::string key_of(const Recipe& recipe) {
  Recipe deciding = recipe;
  deciding.accel_reason.clear();
  return sha256(to_json(deciding).dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace quiesce::scenario
