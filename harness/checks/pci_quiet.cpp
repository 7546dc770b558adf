// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/evidence/pci_write.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace mark = record::mark;

constexpr std::array marks{mark::handover, mark::capture_entry, mark::drivers, mark::capture_end};

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

/// Was it on at the handover and at the end, and did nothing turn it off in between?
bool untouched(const evidence::Run& run, const std::vector<evidence::PciWrite>& writes,
               double handover, const evidence::PciFunction& before, const Kind& kind) {
  if (!(state_of(before.config).*kind.on)) return false;
  for (const char* name : marks)
    if (const auto* later = find(run, name, before.address);
        later != nullptr && !(state_of(later->config).*kind.on))
      return false;
  return std::none_of(writes.begin(), writes.end(), [&](const auto& write) {
    return write.t > handover && write.address == before.address &&
           kind.set(write, before.config) == false;
  });
}

/// The context of one judgement.
struct Sides {
  const evidence::Run& run;
  double handover;
  const std::vector<evidence::PciWrite>& writes;
  const evidence::PciSnapshot* agent;
  bool ignore_bridges;
};

/// What is wrong with one function, and whether it counts.
struct FunctionFinding {
  std::string problem;    ///< empty: none
  std::string note;       ///< why it does not count; empty: it counts
  bool proved = false;    ///< by the snapshots alone
  bool doubtful = false;  ///< whether the production kernel used it is not known
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

FunctionFinding examine(const Sides& view, const evidence::PciFunction& before) {
  FunctionFinding finding;
  const auto* end = find(view.run, mark::capture_end, before.address);
  if (!before.config.absent() && (end == nullptr || end->config.absent())) {
    finding.problem =
        fmt::format("fell off the bus: it was there at the handover and {} at the end",
                    end == nullptr ? "is absent" : "reads all ones");
    finding.proved = true;
    return finding;
  }
  if (end != nullptr && state_of(end->config).pending) {
    finding.problem = "still has transactions pending at the end";
    return finding;
  }
  std::vector<std::string> left;
  for (const Kind& kind : kinds)
    if (untouched(view.run, view.writes, view.handover, before, kind)) left.emplace_back(kind.name);
  const auto* owned = view.agent == nullptr ? nullptr : view.agent->find(before.address);
  if (left.empty() || (owned != nullptr && !owned->driver.empty())) return finding;
  finding.problem =
      list_words(left) + " left on since the panic: nothing turned it off and no driver claimed it";
  constexpr int bridge_class = 0x06;  // <linux/pci_ids.h>, PCI_BASE_CLASS_BRIDGE
  const bool bridge = before.config.is_bridge() || before.config.class_code() >> 8 == bridge_class;
  const auto used = used_in_production(view.run, before.address);
  if (view.ignore_bridges && bridge)
    finding.note = "a bridge, which others need";
  else if (used == false)
    finding.note = "left on by firmware: no driver used it in production either";
  finding.doubtful = !used;
  return finding;
}

std::string row(const Sides& view, const evidence::PciFunction& before) {
  std::string text =
      fmt::format("{:<13}{:04x}:{:04x}  {:04x} ", to_string(before.address), before.config.vendor(),
                  before.config.device(), before.config.class_code());
  for (const char* name : marks)
    text += fmt::format(" {:<14}", cell(find(view.run, name, before.address)));
  const auto* owned = view.agent == nullptr ? nullptr : view.agent->find(before.address);
  return text + (owned == nullptr ? "?" : owned->driver.empty() ? "(none)" : owned->driver);
}

/// Evidence without which nothing can be said; empty when all is there.
std::string missing_evidence(const evidence::Run& run) {
  for (const char* name : {mark::handover, mark::capture_end})
    if (const auto found = run.pci.find(name);
        found == run.pci.end() || found->second.functions.empty())
      return fmt::format("there is no PCI snapshot of the mark {}", name);
  return {};
}

/// What is wrong, and what may be.
struct Problems {
  std::vector<std::string> proved;  ///< needs neither the trace nor the drivers
  std::vector<std::string> sure;
  std::vector<std::string> doubtful;
};

void judge_findings(CheckResult& result, const Sides& view, const Problems& problems,
                    std::size_t functions) {
  if (!problems.proved.empty()) {
    const std::size_t more =
        problems.proved.size() + problems.sure.size() + problems.doubtful.size() - 1;
    result.verdict = Verdict::fail;
    result.reason = problems.proved.front();
    if (more > 0) result.reason += fmt::format(" (and {} more)", more);
    return;
  }
  const auto& list = problems.sure.empty() ? problems.doubtful : problems.sure;
  if (list.empty()) {
    result.verdict = Verdict::pass;
    result.reason =
        count(functions, "function") + ", none that was used is left on without a driver";
    return;
  }
  const bool seen = std::any_of(view.writes.begin(), view.writes.end(),
                                [&](const auto& write) { return write.t > view.handover; });
  const bool proved = seen && view.agent != nullptr && !problems.sure.empty();
  result.verdict = proved ? Verdict::fail : Verdict::inconclusive;
  result.reason = list.front();
  if (list.size() > 1) result.reason += fmt::format(" (and {} more)", list.size() - 1);
  if (problems.sure.empty())
    result.reason += "; whether the production kernel used it is not known";
  else if (view.agent == nullptr)
    result.reason += "; which drivers are bound is not known";
  else if (!seen)
    result.reason +=
        "; the trace has no configuration write after the handover, so it is perhaps not whole";
}

CheckResult judge_quiet(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.handover)
    return verdict(Verdict::inconclusive, "there was no handover: " + points.cut_off());
  if (const std::string missing = missing_evidence(run); !missing.empty())
    return verdict(Verdict::inconclusive, missing);
  const Sides view{run, *points.handover, run.trace.writes, last_agent_view(run),
                   evidence::flag_of(parameters, "ignore_bridges").value_or(true)};
  const auto& functions = run.pci.at(mark::handover).functions;
  CheckResult result;
  result.details.push_back(fmt::format("{:<13}{:<11}{:<6}{:<15}{:<15}{:<15}{:<15}{}", "function",
                                       "device", "class", marks[0], marks[1], marks[2], marks[3],
                                       "driver"));
  Problems problems;
  std::vector<std::string> notes;
  for (const auto& function : functions) {
    result.details.push_back(row(view, function));
    const FunctionFinding finding = examine(view, function);
    if (finding.problem.empty()) continue;
    const std::string text = to_string(function.address) + " " + finding.problem;
    if (finding.note.empty())
      (finding.proved     ? problems.proved
       : finding.doubtful ? problems.doubtful
                          : problems.sure)
          .push_back(text);
    else
      notes.push_back(text + " (not counted: " + finding.note + ")");
  }
  append_capped(result.details, problems.proved);
  append_capped(result.details, problems.sure);
  append_capped(result.details, problems.doubtful);
  append_capped(result.details, notes);
  result.control =
      fmt::format("{} configuration writes in the trace after the handover",
                  std::count_if(view.writes.begin(), view.writes.end(),
                                [&](const auto& write) { return write.t > view.handover; }));
  result.numbers = {{"functions", functions.size()},
                    {"fell_off", problems.proved.size()},
                    {"left_on", problems.sure.size() + problems.doubtful.size()},
                    {"notes", notes.size()}};
  judge_findings(result, view, problems, functions.size());
  return result;
}

const Check check_pci_quiet{
    .name = "pci.quiet",
    .question =
        "Was Bus Master, MSI and MSI-X of every function turned off or taken over by a driver "
        "after the panic, is no transaction pending at the end, and did none fall off the bus? (B "
        "Bus Master, M MSI, X MSI-X, T transactions "
        "pending)",
    .needs = {&need::agent, &need::pci_marks, &need::pci_drivers, &need::trace},
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
