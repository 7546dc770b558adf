// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/jobs.hpp"

#include <algorithm>
#include <set>

#include "harness/dispatch/qemu_choice.hpp"
#include "harness/dispatch/stored_plan.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;

namespace {

/// What a device that is given alone runs in.
constexpr const char* scenario_of_devices = "device";

/// What is laid over each scenario, the user's own settings last.
std::vector<scenario::Override> settings_of(const Request& request,
                                            const scenario::ProfileSet& set) {
  std::vector<scenario::Override> settings;
  const auto add = [&](const char* option, const char* place, const std::string& value) {
    if (!value.empty()) settings.emplace_back(place + ("=" + nlohmann::json(value).dump()), option);
  };
  if (request.scenarios.empty()) add("--device", "name", name_of(set.wanted));
  add("--kernel", "production.kernel", request.kernel);
  add("--capture-kernel", "capture.kernel", request.capture_kernel);
  add("--timeout", "timeouts.total", request.timeout);
  settings.insert(settings.end(), request.settings.begin(), request.settings.end());
  return settings;
}

/// The options of a request that change what is run.
std::vector<std::string> changes_of(const Request& request) {
  std::vector<std::string> names;
  const auto add = [&](const char* name, bool given) {
    if (given) names.emplace_back(name);
  };
  add("--device", !request.devices.empty());
  add("--kernel", !request.kernel.empty());
  add("--capture-kernel", !request.capture_kernel.empty());
  add("--set", !request.settings.empty());
  add("--timeout", !request.timeout.empty());
  add("--qemu", !request.qemu.empty());
  return names;
}

Result<Job> stored_job(const fs::path& path, const std::string& given, const Request& request) {
  TRY_ASSIGN(scenario::RunPlan plan, load_plan(path));
  if (const auto changes = changes_of(request); !changes.empty())
    return fail(Errc::invalid_input,
                "{} is a stored plan, which is run as it is: leave {} out, or run the scenario "
                "\"{}\" with it",
                given, fmt::join(changes, " and "), plan.scenario.name);
  TRY(check_inputs(plan, given));
  Job job{.scenario = plan.scenario};
  job.scenario.source = given;
  job.stored = std::move(plan);
  return job;
}

/// Kernels that do not exist, before minutes are spent on the first of several runs.
Result<void> check_kernels(const Request& request, const std::vector<Job>& jobs) {
  // Only the capture kernel can be the same as the other.
  if (request.kernel == "same") TRY(builder::check_name(request.kernel));
  std::set<std::string> kernels{request.kernel, request.capture_kernel};
  for (const auto& job : jobs)
    if (!job.stored) kernels.insert({job.scenario.production.kernel, job.scenario.capture.kernel});
  for (const auto& kernel : kernels)
    if (!kernel.empty() && kernel != "same") TRY(builder::check_name(kernel));
  return {};
}

/// Names that only QEMU knows, likewise. That there is none, or that it lacks what the harness
/// needs, is said where it is chosen.
Result<void> check_qemu_names(const Request& request, const Jobs& all) {
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  std::vector<vm::Demands> asked;
  for (const auto& job : all.jobs) {
    if (job.stored) continue;
    TRY_ASSIGN(const auto devices, scenario::place_devices(job.scenario, all.set.profiles));
    const vm::Demands demands = vm::demands_of(devices);
    if (std::ranges::find(asked, demands) != asked.end()) continue;
    asked.push_back(demands);
    const auto chosen = choose_qemu(request.qemu, demands, store);
    if (!chosen && chosen.error().code() == Errc::invalid_input)
      return tl::unexpected(chosen.error().because(job.scenario.source));
  }
  return {};
}

Result<std::vector<Job>> load_jobs(const Request& request, const Places& places,
                                   const scenario::ProfileSet& set) {
  const auto words = vocabulary(set.profiles);
  const auto settings = settings_of(request, set);
  std::vector<std::string> names = request.scenarios;
  if (names.empty()) names.emplace_back(scenario_of_devices);
  std::vector<Job> jobs;
  std::vector<scenario::Diagnostic> wrong;
  for (const auto& given : names) {
    TRY_ASSIGN(const fs::path path, find_scenario(places, given));
    if (is_stored_plan(path)) {
      TRY_ASSIGN(jobs.emplace_back(), stored_job(path, given, request));
      continue;
    }
    auto loaded = scenario::load(path, words, settings, set.wanted);
    if (!loaded) {
      wrong.insert(wrong.end(), loaded.error().begin(), loaded.error().end());
      continue;
    }
    for (auto& scenario : *loaded) {
      scenario.source = given;
      jobs.push_back({.scenario = std::move(scenario)});
    }
  }
  if (!wrong.empty()) return tl::unexpected(as_error(wrong));
  return jobs;
}

}  // namespace

std::string name_of(const std::vector<std::string>& devices) {
  constexpr std::size_t longest = 64;
  return fmt::format("{}", fmt::join(devices, "-")).substr(0, longest);
}

Result<Jobs> gather(const Request& request, const Places& places, const OnProfileNote& on_note) {
  if (request.scenarios.empty() && request.devices.empty())
    return fail(Errc::invalid_input,
                "name a scenario (\"quiesce list scenarios\" shows the shipped ones), or a device "
                "with --device");
  Jobs all;
  TRY_ASSIGN(all.set, all_profiles(places, profile_sources(request.folders, request.devices)));
  if (on_note)
    for (const auto& note : all.set.notes) on_note(note);
  TRY_ASSIGN(all.jobs, load_jobs(request, places, all.set));
  TRY(check_kernels(request, all.jobs));
  TRY(check_named_qemu(request.qemu));
  TRY(check_qemu_names(request, all));
  return all;
}

Result<void> check_names(const Request& request, const Places& places,
                         const OnProfileNote& on_note) {
  if (!request.scenarios.empty() || !request.devices.empty()) {
    TRY(gather(request, places, on_note));
  } else {
    TRY(all_profiles(places, profile_sources(request.folders)));
    TRY(check_kernels(request, {}));
  }
  return check_named_qemu(request.qemu);
}

}  // namespace quiesce::dispatch
