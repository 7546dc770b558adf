// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/device/needs.hpp"
#include "harness/checks/endings.hpp"
#include "harness/checks/support.hpp"
#include "harness/evidence/pci_write.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace mark = record::mark;

constexpr std::array marks{mark::handover, mark::capture_entry, mark::drivers, mark::capture_end};

const Code function_state{
    .name = "state",
    .verdict = {},
    .meaning = "what of the function was on at each mark, and its driver at the end",
    .line =
        "{subject:<13}{id}  {class}  {handover:<14} {capture-entry:<14} {drivers:<14} "
        "{capture-end:<14}{driver}",
    .heading =
        "function     device     class handover       capture-entry  drivers        "
        "capture-end    driver"};
const std::string fell =
    "{subject} fell off the bus: it was there at the handover and "
    "[?absent is absent][!absent reads all ones] at the end";
const Code fell_off{.name = "fell-off",
                    .verdict = Verdict::fail,
                    .meaning = "it was there at the handover and is not at the end",
                    .sentence = fell,
                    .line = fell};
const std::string is_pending = "{subject} still has transactions pending at the end";
const std::string is_left_on =
    "{subject} {left} left on since the panic: nothing turned it off and "
    "no driver claimed it";
const Code pending_at_end{.name = "pending",
                          .verdict = Verdict::fail,
                          .meaning = "transactions are pending at the end",
                          .sentence = is_pending,
                          .line = is_pending};
const Code left_on{.name = "left-on",
                   .verdict = Verdict::fail,
                   .meaning = "nothing turned it off since the panic, and no driver claimed it",
                   .sentence = is_left_on,
                   .line = is_left_on};
const Code pending_unproved{.name = "pending-unproved",
                            .verdict = Verdict::inconclusive,
                            .meaning = "transactions are pending, and the control is missing",
                            .sentence = is_pending + "{lacks:w}",
                            .line = is_pending};
const Code left_unproved{
    .name = "left-on-unproved",
    .verdict = Verdict::inconclusive,
    .meaning = "it seems left on, and trace, drivers or its use in production are not known",
    .sentence = is_left_on + "{lacks:w}",
    .line = is_left_on};
const Code left_by_firmware{
    .name = "left-by-firmware",
    .verdict = {},
    .meaning = "it is on, and no driver used it in production either",
    .line = is_left_on +
            " (not counted: left on by firmware: no driver used it in production "
            "either)"};
const Code bridge_on{.name = "bridge-on",
                     .verdict = {},
                     .meaning = "a bridge is on, which others need",
                     .line = is_left_on + " (not counted: a bridge, which others need)"};
const Code all_quiet{
    .name = "all-quiet",
    .verdict = Verdict::pass,
    .meaning = "no function that was used is left on without a driver",
    .sentence = "{functions|function}, none that was used is left on without a driver"};
const Code functions_seen{
    .name = "functions",
    .verdict = {},
    .meaning = "how many functions were looked at, and the trace's writes",
    .control = "{writes_after_handover} configuration writes in the trace after the handover"};
const Code no_snapshot{.name = "no-snapshot",
                       .verdict = Verdict::inconclusive,
                       .meaning = "nobody looked at the functions at that mark",
                       .sentence = "there is no PCI snapshot of the mark {mark}"};

/// What of a function can disturb the capture kernel.
struct State {
  bool bus_master = false;
  bool msi = false;
  bool msix = false;
  bool pending = false;  ///< transactions
};

State state_of(const PciConfig& config) {
  if (config.absent()) return {};
  const PciInterrupts interrupts = config.interrupts();
  return {config.bus_master(), interrupts.msi, interrupts.msix,
          config.transactions_pending().value_or(false)};
}

/// "BX" for Bus Master and MSI-X; M is MSI, T transactions pending.
std::string cell(const evidence::PciFunction* function) {
  if (function == nullptr || function->config.absent()) return "?";
  const State state = state_of(function->config);
  std::string text;
  if (state.bus_master) text += 'B';
  if (state.msi) text += 'M';
  if (state.msix) text += 'X';
  if (state.pending) text += 'T';
  return text.empty() ? "-" : text;
}

const evidence::PciFunction* find(const evidence::Run& run, const std::string& snapshot,
                                  PciAddress address) {
  const auto found = run.pci.find(snapshot);
  return found == run.pci.end() ? nullptr : found->second.find(address);
}

/// libpci's view nearest to the end, which knows the drivers.
const evidence::PciSnapshot* last_agent_view(const evidence::Run& run) {
  const auto found = run.pci.find(record::agent_view(mark::capture_end));
  return found == run.pci.end() ? nullptr : &found->second;
}

/// One kind of activity: how to see it in a snapshot and in a write.
struct Kind {
  const char* name;
  bool State::*on;
  std::optional<bool> (*set)(const evidence::PciWrite& write, const PciConfig& config);
};
std::optional<bool> set_bus_master(const evidence::PciWrite& write, const PciConfig&) {
  return evidence::sets_bus_master(write);
}
constexpr Kind kinds[] = {{"Bus Master", &State::bus_master, set_bus_master},
                          {"MSI", &State::msi, evidence::sets_msi},
                          {"MSI-X", &State::msix, evidence::sets_msix}};

/// A reset, or the way through D3hot, ends all of it at once (PCIe 6.0, 6.6.2; PCI PM 1.2, 5.4.1),
/// if it has effect: what is on afterwards without having been turned on again was never off.
bool was_reset_since(const evidence::Run& run, const std::vector<evidence::PciWrite>& writes,
                     double handover, const evidence::PciFunction& before, const Kind& kind) {
  const PciAddress address = before.address;
  using Cause = Ending::Cause;
  const auto device =
      std::ranges::find(run.plan.devices, address, &scenario::PlannedDevice::address);
  if (device == run.plan.devices.end()) return false;
  return std::ranges::any_of(
      endings_by_config(run, *device, handover, std::numeric_limits<double>::infinity()),
      [&](const Ending& ending) {
        return (ending.cause == Cause::function_level_reset || ending.cause == Cause::bus_reset ||
                ending.cause == Cause::d3hot) &&
               std::ranges::any_of(writes, [&](const auto& write) {
                 return write.t > ending.t && write.address == address &&
                        kind.set(write, before.config) == std::optional(true);
               });
      });
}

/// Was it on at the handover and at the end, and did nothing turn it off in between?
bool untouched(const evidence::Run& run, const std::vector<evidence::PciWrite>& writes,
               double handover, const evidence::PciFunction& before, const Kind& kind) {
  if (!(state_of(before.config).*kind.on)) return false;
  for (const char* name : marks)
    if (const auto* later = find(run, name, before.address);
        later != nullptr && !(state_of(later->config).*kind.on))
      return false;
  if (was_reset_since(run, writes, handover, before, kind)) return false;
  return std::none_of(writes.begin(), writes.end(), [&](const auto& write) {
    return write.t > handover && write.address == before.address &&
           kind.set(write, before.config) == std::optional(false);
  });
}

/// The context of one judgement.
struct Sides {
  const evidence::Run& run;
  double handover;
  const std::vector<evidence::PciWrite>& writes;
  const evidence::PciSnapshot* agent;
  bool ignore_bridges;
  std::uint64_t writes_seen;  ///< configuration writes after the handover
};

/// Did the production kernel use the function? What firmware left on is nothing that a crash did.
/// nullopt: not known.
std::optional<bool> used_in_production(const evidence::Run& run, PciAddress address) {
  const auto& devices = run.plan.devices;
  if (std::any_of(devices.begin(), devices.end(),
                  [&](const auto& device) { return device.address == address; }))
    return true;
  const auto* function = find(run, record::agent_view(mark::production), address);
  if (function == nullptr) return std::nullopt;
  return !function->driver.empty();
}

Subject subject_of(const evidence::PciFunction& function) {
  return {Subject::Kind::function, to_string(function.address)};
}

/// Why what is left on does not count, or nullptr.
const Code* excuse(const Sides& view, const evidence::PciFunction& before,
                   const std::optional<bool>& used) {
  constexpr int bridge_class = 0x06;  // <linux/pci_ids.h>, PCI_BASE_CLASS_BRIDGE
  const bool bridge = before.config.is_bridge() || before.config.class_code() >> 8 == bridge_class;
  if (view.ignore_bridges && bridge) return &bridge_on;
  return used == false ? &left_by_firmware : nullptr;
}

/// What is wrong with one function; nullopt when nothing is.
std::optional<Finding> examine(const Sides& view, const evidence::PciFunction& before) {
  const Subject subject = subject_of(before);
  const auto* end = find(view.run, mark::capture_end, before.address);
  if (!before.config.absent() && (end == nullptr || end->config.absent()))
    return found(fell_off, subject, {measure::flag("absent", end == nullptr)});
  const char* lacks = view.agent == nullptr ? "drivers" : view.writes_seen == 0 ? "trace" : "";
  const Measure lacking = measure::text("lacks", lacks);
  if (end != nullptr && state_of(end->config).pending)
    return found(*lacks != 0 ? pending_unproved : pending_at_end, subject, {lacking});
  std::vector<std::string> left;
  for (const Kind& kind : kinds)
    if (untouched(view.run, view.writes, view.handover, before, kind)) left.emplace_back(kind.name);
  const auto* owned = view.agent == nullptr ? nullptr : view.agent->find(before.address);
  if (left.empty() || (owned != nullptr && !owned->driver.empty())) return std::nullopt;
  const auto used = used_in_production(view.run, before.address);
  const Measure what = measure::list("left", left);
  if (const Code* excused = excuse(view, before, used)) return found(*excused, subject, {what});
  if (!used) return found(left_unproved, subject, {what, measure::text("lacks", "use")});
  return found(*lacks != 0 ? left_unproved : left_on, subject, {what, lacking});
}

Finding row(const Sides& view, const evidence::PciFunction& before) {
  Finding state = found(
      function_state, subject_of(before),
      {measure::text("id",
                     fmt::format("{:04x}:{:04x}", before.config.vendor(), before.config.device())),
       measure::text("class", fmt::format("{:04x}", before.config.class_code()))});
  for (const char* name : marks)
    state.with(measure::text(name, cell(find(view.run, name, before.address))));
  const auto* owned = view.agent == nullptr ? nullptr : view.agent->find(before.address);
  state.with(measure::text("driver", owned == nullptr        ? "?"
                                     : owned->driver.empty() ? "(none)"
                                                             : owned->driver));
  return state;
}

/// The mark without whose snapshot nothing can be said; nullptr when all are there.
const char* missing_mark(const evidence::Run& run) {
  for (const char* name : {mark::handover, mark::capture_end})
    if (const auto found = run.pci.find(name);
        found == run.pci.end() || found->second.functions.empty())
      return name;
  return nullptr;
}

/// The order in which problems are told: what is proved by the snapshots alone, what is sure, what
/// is in doubt, what does not count.
int rank_of(const Finding& finding) {
  if (finding.code == fell_off.name) return 0;
  if (!finding.verdict) return 3;
  const Measure* lacks = find(finding.measures, "lacks");
  return lacks != nullptr && lacks->value == Measure::Value(std::string("use")) ? 2 : 1;
}

Finding tell_functions(const Sides& view, const Findings& problems, std::size_t functions) {
  const auto counted = [&](auto is) {
    return static_cast<std::uint64_t>(std::count_if(problems.begin(), problems.end(), is));
  };
  Finding seen =
      found(functions_seen,
            {measure::count("functions", functions),
             measure::count("fell_off", counted([](const auto& one) { return rank_of(one) == 0; })),
             measure::count("left_on", counted([](const auto& one) {
                              return rank_of(one) == 1 || rank_of(one) == 2;
                            })),
             measure::count("notes", counted([](const auto& one) { return rank_of(one) == 3; }))});
  seen.control = {measure::count("writes_after_handover", view.writes_seen)};
  return seen.seen_in({record::file::trace, {}, std::nullopt});
}

Findings judge_quiet(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.handover)
    return {found(code::no_handover, {measure::text("cut_off", points.cut_off())})};
  if (const char* missing = missing_mark(run))
    return {found(no_snapshot, {measure::text("mark", missing)})};
  Sides view{run,
             *points.handover,
             run.trace.writes,
             last_agent_view(run),
             evidence::flag_of(parameters, "ignore_bridges").value_or(true),
             0};
  view.writes_seen = static_cast<std::uint64_t>(
      std::count_if(view.writes.begin(), view.writes.end(),
                    [&](const auto& write) { return write.t > view.handover; }));
  const auto& functions = run.pci.at(mark::handover).functions;
  Findings findings;
  Findings problems;
  for (const auto& function : functions) {
    findings.push_back(row(view, function));
    if (auto problem = examine(view, function))
      problems.push_back(problem->seen_in({"pci/capture-end.json", mark::capture_end, {}}));
  }
  std::stable_sort(problems.begin(), problems.end(),
                   [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  findings.insert(findings.end(), problems.begin(), problems.end());
  findings.push_back(tell_functions(view, problems, functions.size()));
  if (std::none_of(findings.begin(), findings.end(),
                   [](const auto& one) { return one.verdict.has_value(); }))
    findings.push_back(found(all_quiet, {measure::count("functions", functions.size())}));
  return findings;
}

const Check check_pci_quiet{
    .name = "pci.quiet",
    .question =
        "Was Bus Master, MSI and MSI-X of every function turned off or taken over by a driver "
        "after the panic, is no transaction pending at the end, and did none fall off the bus? (B "
        "Bus Master, M MSI, X MSI-X, T transactions "
        "pending)",
    .needs = {&need::agent, &need::pci_marks, &need::pci_drivers, &need::trace},
    .codes = {&function_state, &fell_off, &pending_at_end, &left_on, &pending_unproved,
              &left_unproved, &left_by_firmware, &bridge_on, &all_quiet, &functions_seen,
              &no_snapshot},
    .phrases =
        {{"use", "; whether the production kernel used it is not known"},
         {"drivers", "; which drivers are bound is not known"},
         {"trace",
          "; the trace has no configuration write after the handover, so it is perhaps not whole"}},
    .parameters =
        {{.name = "ignore_bridges",
          .type = scenario::ParameterSpec::Type::boolean,
          .choices = {},
          .fallback = true,
          .meaning =
              "do not fail for bridges, whose Bus Master others need; they are listed as notes"}},
    .judge = judge_quiet};
const Registration register_pci_quiet(check_pci_quiet);

}  // namespace

}  // namespace quiesce::checks
