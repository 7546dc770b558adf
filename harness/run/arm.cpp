// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/crash_segments.hpp"
#include "harness/run/kernel_words.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/screens.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::run {

using nlohmann::json;
using target::Capability;

namespace {

/// Where the production kernel keeps its own variables.
Result<std::vector<PhysRange>> kernel_data(const record::answer::Describe& kernel) {
  std::vector<PhysRange> ranges;
  for (const auto& entry : kernel.iomem) {
    if (entry.name != "Kernel data" && entry.name != "Kernel bss") continue;
    TRY_ASSIGN(ranges.emplace_back(), range_of(entry, entry.name));
  }
  return ranges;
}

Result<void> learn_facts(const GuestSide& guest, const target::Architecture& architecture,
                         ArmedFacts& facts) {
  TRY_ASSIGN(const json description, guest.agent.ask(record::request::Describe(), Seconds(30)));
  const auto kernel = record::read<record::answer::Describe>(description);
  if (!kernel.symbols.machine_kexec)
    return fail(Errc::unsupported,
                "the production kernel does not show {} in /proc/kallsyms (it needs "
                "CONFIG_KALLSYMS and CONFIG_KEXEC)",
                architecture.handover_symbol);
  facts.machine_kexec.value = kernel.symbols.machine_kexec->value;
  TRY_ASSIGN(facts.crash_region, crash_region(kernel));
  TRY_ASSIGN(facts.kernel_data, kernel_data(kernel));
  return {};
}

std::vector<std::string> modules_of(const scenario::Recipe& recipe) {
  std::vector<std::string> names;
  for (const auto& device : recipe.devices)
    for (const auto& module : device.profile.modules)
      if (std::ranges::find(names, module) == names.end()) names.push_back(module);
  return names;
}

std::vector<scenario::PlannedDevice> needing(const scenario::Recipe& recipe,
                                             const std::string& module) {
  std::vector<scenario::PlannedDevice> devices;
  for (const auto& device : recipe.devices)
    if (std::ranges::find(device.profile.modules, module) != device.profile.modules.end())
      devices.push_back(device);
  return devices;
}

Result<void> load_drivers(const scenario::Recipe& recipe, const GuestSide& guest) {
  TRY_ASSIGN(const json answer,
             guest.agent.ask(record::request::Modules{modules_of(recipe)}, Seconds(180)));
  const auto modules = record::read<record::answer::Modules>(answer);
  if (!modules.failed.empty()) {
    const auto why =
        Error(Errc::unsupported, fmt::format("the production kernel did not load {}: {}",
                                             modules.failed[0].module, modules.failed[0].error));
    return tl::unexpected(in_kernels_words(guest, why, needing(recipe, modules.failed[0].module)));
  }
  guest.recorder.event(record::event::Modules{.role = "production",
                                              .loaded = modules.loaded,
                                              .failed = std::nullopt,
                                              .seconds = modules.seconds});
  record::request::WaitBound request{.addresses = {}, .seconds = 30};
  for (const auto& device : recipe.devices)
    if (!device.profile.driver.empty()) request.addresses.push_back(to_string(device.address));
  TRY_ASSIGN(const json bound, guest.agent.ask(request, Seconds(60)));
  const auto missing = record::read<record::answer::WaitBound>(bound).missing;
  if (missing.empty()) return {};
  std::vector<scenario::PlannedDevice> alone;
  std::vector<std::string> names;
  for (const auto& device : recipe.devices) {
    if (std::ranges::find(missing, to_string(device.address)) == missing.end()) continue;
    alone.push_back(device);
    names.push_back(fmt::format("{} at {}", device.name, to_string(device.address)));
  }
  const auto why =
      Error(Errc::unsupported, fmt::format("in the production kernel no driver bound to {}",
                                           fmt::join(names.empty() ? missing : names, ", ")));
  return tl::unexpected(in_kernels_words(guest, why, alone));
}

Result<void> load_capture_kernel(const scenario::Recipe& recipe, const GuestSide& guest) {
  guest.recorder.note("loading the capture kernel");
  const record::request::KexecLoad request{vm::capture_command_line(scenario::bare_plan(recipe))};
  TRY_ASSIGN(const json answer, guest.agent.ask(request, Seconds(120)));
  const auto kexec = record::read<record::answer::KexecLoad>(answer);
  if (!kexec.loaded)
    return fail(Errc::unsupported, "the production kernel did not take the capture kernel: {}",
                kexec.output);
  return {};
}

Result<void> set_breakpoint(const MachineSide& machine, GuestVirt at) {
  auto& control = machine.control;
  TRY(control.pause());
  if (control.can(Capability::stop)) TRY(control.target().set_breakpoint(at, machine.waits.soon()));
  return control.resume();
}

}  // namespace

Result<ArmedFacts> arm(const scenario::Recipe& recipe, const GuestSide& guest,
                       const MachineSide& machine) {
  guest.recorder.phase("arm");
  ArmedFacts facts{.recipe = scenario::key_of(recipe)};
  TRY(learn_facts(guest, machine.control.architecture(), facts));
  TRY(machine.watch.prepare(facts.crash_region));
  TRY(load_drivers(recipe, guest));
  guest.recorder.note("drivers loaded");
  if (has_display(recipe.devices)) {
    TRY_ASSIGN(facts.production_font, guest.agent.ask(record::request::Font(), Seconds(30)));
    guest.recorder.write(record::font_file("production"), facts.production_font.dump() + "\n");
  }
  TRY(load_capture_kernel(recipe, guest));
  // Now, not at the handover: it takes 15 ms, and there the machine would wait for it.
  if (const auto* ram = machine.watch.ram()) {
    TRY_ASSIGN(facts.segments, find_crash_segments(*ram, facts.crash_region, recipe.capture));
  }
  TRY(set_breakpoint(machine, facts.machine_kexec));
  guest.recorder.write(record::file::armed, to_json(facts).dump(1) + "\n");
  return facts;
}

}  // namespace quiesce::run
