// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/new_profile.hpp"

#include <algorithm>

#include "harness/base/temp_dir.hpp"
#include "harness/draft/ask_qemu.hpp"
#include "harness/draft/attachment.hpp"
#include "vm-images/builder/aliases.hpp"

namespace quiesce::draft {

using nlohmann::json;

namespace {

/// Modules that are wanted, in the order in which they were found.
class Wanted {
 public:
  explicit Wanted(const builder::AliasTable& aliases) : aliases_(aliases) {}

  /// Those that these aliases bring and that were not wanted before.
  std::vector<std::string> news(const std::vector<std::string>& modaliases) const {
    std::vector<std::string> found;
    for (const auto& modalias : modaliases)
      for (const auto& module : worth_loading(modalias, aliases_.modules_for(modalias)))
        if (!has(modules_, module) && !has(found, module)) found.push_back(module);
    return found;
  }

  void add(const std::vector<std::string>& modaliases) {
    for (auto& module : news(modaliases)) modules_.push_back(std::move(module));
  }

  const std::vector<std::string>& modules() const { return modules_; }

 private:
  static bool has(const std::vector<std::string>& list, const std::string& word) {
    return std::ranges::find(list, word) != list.end();
  }
  const builder::AliasTable& aliases_;
  std::vector<std::string> modules_;
};

/// A machine with the one device, for a boot without a crash.
Result<scenario::RunPlan> survey_plan(const NewDevice& device, const builder::Kernel& kernel,
                                      const scenario::Profile& profile) {
  scenario::RunPlan plan;
  plan.scenario.name = "survey";
  plan.scenario.production.kernel = device.kernel;
  plan.scenario.devices.push_back({.profile = profile.name,
                                   .written_out = profile,
                                   // The harness's tags and disks know it by this.
                                   .name = profile.name});
  TRY_ASSIGN(plan.devices, scenario::place_devices(plan.scenario, {}));
  TRY_ASSIGN(const vm::Accelerator accelerator,
             vm::choose_accelerator(scenario::Accel::automatic, device.qemu));
  plan.accel = accelerator.name;
  plan.accel_reason = accelerator.reason;
  plan.qemu = device.qemu.path;
  TRY_ASSIGN(const builder::Images images,
             builder::build(kernel, kernel, plan.devices, device.agent, device.store));
  plan.production = images.production;
  plan.capture = images.capture;
  return plan;
}

void tell(const run::Observer& observer, const char* phase) {
  if (observer.on_phase) observer.on_phase(phase);
}

/// Boots until no further module is found for anything that came up; the last boot tries the work.
Result<void> survey_until_known(const NewDevice& device, const builder::Kernel& kernel,
                                const builder::AliasTable& aliases, Loop& loop,
                                const run::Observer& observer, Known& known) {
  TRY_ASSIGN(const TempDir folder, TempDir::create());
  Wanted wanted(aliases);
  wanted.add({modalias_of(known.facts.config)});
  for (int boots = 1;; ++boots) {
    scenario::Profile profile = known.attached;
    profile.modules = wanted.modules();
    known.tried_modules = wanted.modules();
    bool complete = false;
    const auto choose = [&](const json& function) -> std::optional<run::Work> {
      complete = boots == most_boots || wanted.news(unmet_modaliases(function)).empty();
      if (!complete) return std::nullopt;
      known.tried_work = work_for(known.attached, function.value("nodes", json()));
      return known.tried_work;
    };
    tell(observer, "images");
    TRY_ASSIGN(const scenario::RunPlan plan, survey_plan(device, kernel, profile));
    TRY_ASSIGN(known.survey,
               run::survey(plan, folder.path() / std::to_string(boots), loop, observer, choose));
    // A card that its controller found late shows only after its disk was waited for in vain.
    const bool failed = known.survey.activity && !known.survey.activity->works;
    const bool news = !wanted.news(unmet_modaliases(known.survey.function)).empty();
    if (complete && !(failed && news && boots < most_boots)) return {};
    wanted.add(unmet_modaliases(known.survey.function));
  }
}

}  // namespace

Result<Draft> new_profile(const NewDevice& device, Loop& loop, const run::Observer& observer) {
  Known known;
  known.kernel = device.kernel;
  tell(observer, "asking QEMU");
  TRY_ASSIGN(known.facts, ask_qemu(loop, device.qemu, device.name));
  known.attached = with_attachment(known.facts);
  tell(observer, "looking through the kernel's modules");
  TRY_ASSIGN(const builder::Kernel kernel,
             builder::resolve(device.kernel, device.store, builder::Fetch::allowed));
  known.release = kernel.release;
  TRY(builder::check_kernel(kernel, "production", {}));
  TRY_ASSIGN(const builder::AliasTable aliases, builder::AliasTable::of(kernel, device.store));
  TRY(survey_until_known(device, kernel, aliases, loop, observer, known));
  for (const auto& modalias : all_modaliases(known.survey.function))
    known.fitting_modules[modalias] = aliases.modules_for(modalias);
  return make_draft(known);
}

}  // namespace quiesce::draft
