// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/crash_segments.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/resets.hpp"
#include "harness/run/screens.hpp"
#include "harness/run/snapshots.hpp"
#include "harness/scenario/kinds.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

bool runs_model(const scenario::PlannedDevice& device) {
  return scenario::activity_of(device).model;
}

/// Where the production kernel keeps its own variables.
Result<std::vector<PhysRange>> kernel_data(const record::answer::Describe& kernel) {
  std::vector<PhysRange> ranges;
  for (const auto& entry : kernel.iomem) {
    if (entry.name != "Kernel data" && entry.name != "Kernel bss") continue;
    TRY_ASSIGN(ranges.emplace_back(), range_of(entry, entry.name));
  }
  return ranges;
}

Result<void> learn_facts(Session& session) {
  TRY_ASSIGN(const json description, session.ask(record::request::Describe(), Seconds(30)));
  const auto kernel = record::read<record::answer::Describe>(description);
  if (!kernel.symbols.machine_kexec)
    return fail(Errc::unsupported,
                "the production kernel does not show machine_kexec in /proc/kallsyms (it needs "
                "CONFIG_KALLSYMS and CONFIG_KEXEC)");
  session.facts.machine_kexec.value = kernel.symbols.machine_kexec->value;
  TRY_ASSIGN(session.facts.crash_region, crash_region(kernel));
  TRY_ASSIGN(session.facts.kernel_data, kernel_data(kernel));
  return {};
}

std::vector<std::string> modules_of(const Session& session) {
  std::vector<std::string> names;
  for (const auto& device : session.plan.devices)
    for (const auto& module : device.profile.modules)
      if (std::ranges::find(names, module) == names.end()) names.push_back(module);
  return names;
}

Result<void> load_drivers(Session& session) {
  TRY_ASSIGN(const json answer,
             session.ask(record::request::Modules{modules_of(session)}, Seconds(120)));
  const auto modules = record::read<record::answer::Modules>(answer);
  if (!modules.failed.empty())
    return fail(Errc::unsupported, "the production kernel did not load {}: {}",
                modules.failed[0].module, modules.failed[0].error);
  session.dir.event(record::event::Modules{.role = "production",
                                           .loaded = modules.loaded,
                                           .failed = std::nullopt,
                                           .seconds = modules.seconds});
  record::request::WaitBound request{.addresses = {}, .seconds = 30};
  for (const auto& device : session.plan.devices)
    if (!device.profile.driver.empty()) request.addresses.push_back(to_string(device.address));
  TRY_ASSIGN(const json bound, session.ask(request, Seconds(60)));
  const auto missing = record::read<record::answer::WaitBound>(bound).missing;
  if (!missing.empty())
    return fail(Errc::unsupported, "in the production kernel no driver bound to {}",
                json(missing).dump());
  return {};
}

Result<void> load_capture_kernel(Session& session) {
  session.note("loading the capture kernel");
  TRY_ASSIGN(const json answer,
             session.ask(record::request::KexecLoad{vm::capture_command_line(session.plan)},
                         Seconds(120)));
  const auto kexec = record::read<record::answer::KexecLoad>(answer);
  if (!kexec.loaded)
    return fail(Errc::unsupported, "the production kernel did not take the capture kernel: {}",
                kexec.output);
  return {};
}

/// Starts what keeps the device busy. A model that is to hit a piece of what kexec loaded is told
/// where that lies.
Result<record::request::ActivityStart> request_for(const Session& session,
                                                   const scenario::PlannedDevice& device) {
  auto request = session.about<record::request::ActivityStart>(device);
  const std::string target = text_at(device.activity, "target");
  if (!runs_model(device) || (target != "elfcorehdr" && target != "capture-kernel")) return request;
  const std::string name = target == "elfcorehdr" ? target : "kernel";
  const auto found = std::ranges::find(session.facts.segments, name, &CrashSegment::name);
  if (found == session.facts.segments.end())
    return fail(Errc::unsupported,
                "the segment {} was not found in the crash region: nothing to "
                "aim at",
                name);
  request.target_address = record::Address{found->range.begin.value};
  return request;
}

Result<void> start_activities(Session& session) {
  session.feeder.start(session.plan);
  for (const auto& device : session.plan.devices) {
    const std::string kind = scenario::activity_of(device).name;
    if (!device.busy || kind.empty()) continue;
    TRY_ASSIGN(const auto request, request_for(session, device));
    TRY_ASSIGN(const json answer, session.ask(request, device.activity, Seconds(60)));
    const auto started = record::read<record::answer::ActivityStart>(answer);
    session.dir.event(record::event::Activity{.device = device.name,
                                              .kind = kind,
                                              .state = "started",
                                              .node = started.node,
                                              .ring = started.ring});
  }
  return {};
}

/// Actions of the scenario while the devices work. A model's driver then arms it anew, as a
/// kernel's driver does after a reset.
Result<void> production_actions(Session& session) {
  if (session.plan.scenario.steps.production.empty()) return {};
  TRY(act(session, ActAt::production));
  for (const auto& device : session.plan.devices) {
    if (!device.busy || !runs_model(device)) continue;
    TRY_ASSIGN(auto request, request_for(session, device));
    request.restart = true;
    const auto answer = session.ask(request, device.activity, Seconds(60));
    if (!answer && answer.error().code() != Errc::unsupported)
      return tl::unexpected(answer.error());
    session.dir.event(
        record::event::Activity{.device = device.name,
                                .kind = scenario::activity_of(device).name,
                                .state = answer ? "restarted" : "failed",
                                .message = answer ? std::string() : answer.error().describe()});
  }
  return {};
}

/// Every busy device must have done something, or the crash would hit an idle machine.
Result<void> check_busy(Session& session) {
  TRY_ASSIGN(const json answer, session.ask(record::request::ActivityStatus(), Seconds(30)));
  for (const auto& activity : record::read<record::answer::ActivityStatus>(answer).activities) {
    session.dir.event(activity);
    if (activity.state == "failed" || activity.operations.value_or(0) == 0)
      return fail(Errc::unsupported, "the device {} is not busy in the production kernel ({}: {})",
                  activity.device, activity.kind, activity.message.value_or(""));
  }
  return {};
}

}  // namespace

Result<void> arm(Session& session) {
  session.phase("arm");
  TRY(learn_facts(session));
  TRY(session.watch->prepare(session.facts.crash_region));
  TRY(load_drivers(session));
  session.note("drivers loaded");
  if (has_display(session.plan)) {
    TRY_ASSIGN(session.facts.production_font, session.ask(record::request::Font(), Seconds(30)));
    session.dir.write(record::font_file("production"), session.facts.production_font.dump() + "\n");
  }
  TRY(load_capture_kernel(session));
  // Now, not at the handover: it takes 15 ms, and there the machine would wait for it.
  TRY_ASSIGN(
      session.facts.segments,
      find_crash_segments(session.watch->ram(), session.facts.crash_region, session.plan.capture));

  TRY(session.pause());
  TRY(session.machine->gdb().set_breakpoint(session.facts.machine_kexec, session.soon()));
  TRY(session.resume());

  TRY(start_activities(session));
  session.note("devices busy");
  // The control lies inside the busy time: first half to settle, second half to watch.
  const Seconds busy = session.plan.scenario.panic.busy;
  TRY(session.linger(busy / 2));
  TRY(production_actions(session));
  TRY(session.watch->control_begin());
  TRY(session.linger(busy / 2));
  TRY(check_busy(session));
  TRY(session.watch->control_end());
  TRY(take_interrupts(session, record::mark::production));
  TRY(take_agent_pci(session, record::mark::production));
  TRY(take_screen_truth(session));
  TRY(session.pause());
  TRY(take_pci(session, record::mark::production));
  TRY(take_rings(session, record::mark::production));
  TRY(take_screen(session, record::mark::production, session.facts.production_font));
  TRY(session.resume());
  session.mark(record::mark::production);
  return {};
}

}  // namespace quiesce::run
