// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <set>

#include "harness/base/text.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/crash_segments.hpp"
#include "harness/run/phases.hpp"
#include "harness/run/resets.hpp"
#include "harness/run/screens.hpp"
#include "harness/run/snapshots.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::run {

using nlohmann::json;
using record::text_at;

namespace {

/// Where the production kernel keeps its own variables.
Result<std::vector<PhysRange>> kernel_data(const json& description) {
  std::vector<PhysRange> ranges;
  const json iomem = description.value("iomem", json::array());
  for (const auto& entry : iomem) {
    if (!entry.is_object()) continue;
    const std::string name = text_at(entry, "name");
    if (name != "Kernel data" && name != "Kernel bss") continue;
    TRY_ASSIGN(const std::uint64_t begin, address_at(entry, "begin"));
    TRY_ASSIGN(const std::uint64_t end, address_at(entry, "end"));
    ranges.push_back({{begin}, {end}});
  }
  return ranges;
}

Result<void> learn_facts(Session& session) {
  TRY_ASSIGN(const json description, session.ask("describe", json::object(), Seconds(30)));
  const json symbols = description.value("symbols", json::object());
  const std::string symbol =
      symbols.is_object() ? text_at(symbols, "machine_kexec") : std::string();
  if (symbol.empty())
    return fail(Errc::unsupported,
                "the production kernel does not show machine_kexec in /proc/kallsyms (it needs "
                "CONFIG_KALLSYMS and CONFIG_KEXEC)");
  TRY_ASSIGN(session.facts.machine_kexec.value, address_at(symbols, "machine_kexec"));
  TRY_ASSIGN(session.facts.crash_region, crash_region(description));
  TRY_ASSIGN(session.facts.kernel_data, kernel_data(description));
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
             session.ask("modules", {{"names", modules_of(session)}}, Seconds(120)));
  const json failed = answer.value("failed", json::array());
  if (failed.is_array() && !failed.empty())
    return fail(Errc::unsupported, "the production kernel did not load {}: {}",
                text_at(failed[0], "name"), text_at(failed[0], "error"));
  session.dir.event(record::event::modules, {{"role", "production"},
                                             {"loaded", answer.value("loaded", json::array())},
                                             {"seconds", answer.value("seconds", json())}});
  json addresses = json::array();
  for (const auto& device : session.plan.devices)
    if (!device.profile.driver.empty()) addresses.push_back(to_string(device.address));
  TRY_ASSIGN(const json bound,
             session.ask("wait-bound", {{"addresses", addresses}, {"seconds", 30}}, Seconds(60)));
  const json missing = bound.value("missing", json::array());
  if (missing.is_array() && !missing.empty())
    return fail(Errc::unsupported, "in the production kernel no driver bound to {}",
                missing.dump());
  return {};
}

Result<void> load_capture_kernel(Session& session) {
  session.note("loading the capture kernel");
  TRY_ASSIGN(const json answer,
             session.ask("kexec-load", {{"command_line", vm::capture_command_line(session.plan)}},
                         Seconds(120)));
  const auto loaded = answer.find("loaded");
  if (loaded == answer.end() || !loaded->is_boolean() || !loaded->get<bool>())
    return fail(Errc::unsupported, "the production kernel did not take the capture kernel: {}",
                text_at(answer, "output"));
  return {};
}

/// Where a model writes when it is to hit a piece of what kexec loaded.
Result<void> add_target(const Session& session, json& parameters) {
  const std::string target = text_at(parameters, "target");
  if (target != "elfcorehdr" && target != "capture-kernel") return {};
  const std::string name = target == "elfcorehdr" ? target : "kernel";
  const auto found = std::ranges::find(session.facts.segments, name, &CrashSegment::name);
  if (found == session.facts.segments.end())
    return fail(Errc::unsupported,
                "the segment {} was not found in the crash region: nothing to "
                "aim at",
                name);
  parameters["target_address"] = fmt::format("{:#x}", found->range.begin.value);
  return {};
}

Result<void> start_activities(Session& session) {
  session.feeder.start(session.plan);
  for (const auto& device : session.plan.devices) {
    const std::string kind = text_at(device.activity, "kind");
    if (!device.busy || kind.empty() || kind == "none") continue;
    json parameters = device.activity;
    parameters["device"] = device.name;
    parameters["address"] = to_string(device.address);
    parameters["seed"] = session.plan.scenario.seed;
    if (kind == "model-run") TRY(add_target(session, parameters));
    TRY_ASSIGN(const json answer, session.ask("activity-start", parameters, Seconds(60)));
    json event{{"device", device.name},
               {"kind", kind},
               {"state", "started"},
               {"node", text_at(answer, "node")}};
    if (answer.contains("ring")) event["ring"] = answer["ring"];
    session.dir.event(record::event::activity, event);
  }
  return {};
}

/// Actions of the scenario while the devices work. A model's driver then arms it anew, as a
/// kernel's driver does after a reset.
Result<void> production_actions(Session& session) {
  if (session.plan.scenario.steps.production.empty()) return {};
  TRY(act(session, ActAt::production));
  for (const auto& device : session.plan.devices) {
    if (!device.busy || text_at(device.activity, "kind") != "model-run") continue;
    json parameters = device.activity;
    parameters["device"] = device.name;
    parameters["address"] = to_string(device.address);
    parameters["seed"] = session.plan.scenario.seed;
    parameters["restart"] = true;
    TRY(add_target(session, parameters));
    const auto answer = session.ask("activity-start", parameters, Seconds(60));
    if (!answer && answer.error().code() != Errc::unsupported)
      return tl::unexpected(answer.error());
    session.dir.event(record::event::activity,
                      {{"device", device.name},
                       {"kind", "model-run"},
                       {"state", answer ? "restarted" : "failed"},
                       {"message", answer ? std::string() : answer.error().describe()}});
  }
  return {};
}

/// Every busy device must have done something, or the crash would hit an idle machine.
Result<void> check_busy(Session& session) {
  TRY_ASSIGN(const json answer, session.ask("activity-status", json::object(), Seconds(30)));
  const json activities = answer.value("activities", json::array());
  for (const auto& activity : activities) {
    if (!activity.is_object()) continue;
    json fields = activity;
    session.dir.event(record::event::activity, fields);
    const auto operations = activity.find("operations");
    const bool idle =
        operations == activity.end() || !operations->is_number() || operations->get<double>() <= 0;
    if (text_at(activity, "state") == "failed" || idle)
      return fail(Errc::unsupported, "the device {} is not busy in the production kernel ({}: {})",
                  text_at(activity, "device"), text_at(activity, "kind"),
                  text_at(activity, "message"));
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
    TRY_ASSIGN(session.facts.production_font, session.ask("font", json::object(), Seconds(30)));
    session.dir.write("screen/font-production.json", session.facts.production_font.dump() + "\n");
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
