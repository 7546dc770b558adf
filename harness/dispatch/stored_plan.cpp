// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/stored_plan.hpp"

#include <fcntl.h>

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/dispatch/model_profiles.hpp"
#include "harness/dispatch/qemu_choice.hpp"
#include "harness/vm/qemu.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

// A plan of every device there can be is a hundredth of it.
constexpr std::uint64_t longest_plan = 16U << 20;

/// What is wrong with one file of a plan; empty: it is the one.
std::string trouble_with(const fs::path& file, const std::string& digest) {
  if (digest.empty())
    return "the plan has no SHA-256 of it, so nobody can say whether it is the one";
  const auto fd = open_file(file, O_RDONLY);
  if (!fd) return fd.error().describe();
  const auto found = sha256_of(fd->get(), file);
  if (!found) return found.error().describe();
  if (*found == digest) return {};
  return fmt::format("{} has the SHA-256 {}, the plan was made with {}", file.string(), *found,
                     digest);
}

}  // namespace

bool is_stored_plan(const fs::path& path) {
  const auto text = read_file(path, longest_plan);
  if (!text) return false;
  const json found = json::parse(*text, nullptr, false);
  if (!found.is_object()) return false;
  const auto scenario = found.find("scenario");
  return scenario != found.end() && scenario->is_object();
}

Result<scenario::RunPlan> load_plan(const fs::path& path) {
  TRY_ASSIGN(const std::string text, read_file(path, longest_plan));
  const json found = json::parse(text, nullptr, false);
  auto plan = scenario::plan_from_json(found);
  if (!plan) return tl::unexpected(plan.error().because(path.string()));
  return plan;
}

Result<void> check_inputs(const scenario::RunPlan& plan, const std::string& name) {
  struct Input {
    const char* place;
    const fs::path& file;
    const std::string& digest;
  };
  const Input inputs[] = {
      {"/production/image", plan.production.image, plan.production.image_sha256},
      {"/production/initramfs", plan.production.initramfs, plan.production.initramfs_sha256},
      {"/capture/image", plan.capture.image, plan.capture.image_sha256},
      {"/capture/initramfs", plan.capture.initramfs, plan.capture.initramfs_sha256}};
  std::string wrong;
  for (const Input& input : inputs)
    if (const std::string trouble = trouble_with(input.file, input.digest); !trouble.empty())
      wrong += fmt::format("{}: {}: {}\n", name, input.place, trouble);
  if (wrong.empty()) return {};
  return fail(Errc::invalid_input,
              "{}a stored plan is run with the very files that it was made with: bring them back, "
              "or run the scenario \"{}\", which makes a new plan",
              wrong, plan.scenario.name);
}

Result<scenario::RunPlan> ready(scenario::RunPlan plan, const fs::path& program) {
  // It is run as it is: of what its profiles name only what it cannot start without.
  vm::Demands demands = vm::demands_of(plan.devices);
  demands.trace_events.clear();
  for (auto& device : demands.devices) device.properties.clear();
  TRY_ASSIGN(const vm::Qemu qemu, vm::find_qemu(plan.qemu.string(), demands));
  if (!qemu.enough())
    return fail(Errc::unsupported,
                "QEMU {} ({}), which the stored plan names, {}; bring the one back that the plan "
                "was made with, or run the scenario \"{}\", which looks for one",
                qemu.version, qemu.path.string(), has_not(qemu.lacks), plan.scenario.name);
  const auto wanted = plan.accel == "kvm" ? scenario::Accel::kvm : scenario::Accel::tcg;
  TRY(vm::choose_accelerator(wanted, qemu));
  name_servers(plan.devices, program);
  return plan;
}

}  // namespace quiesce::dispatch
