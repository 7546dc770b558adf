// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "harness/base/units.hpp"
#include "harness/checks/device/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// The driver of a function and how long after the modules request it was bound, where that is
/// known.
struct Binding {
  std::string driver;
  std::optional<double> seconds;
  bool exact = false;  ///< from a `bound` event; otherwise the time of the look that found it bound
};

/// libpci's view of the end, which knows the drivers.
std::string last_view() {
  return record::agent_view(record::mark::capture_end);
}

/// When the capture kernel was asked to load its drivers.
std::optional<double> asked_at(const evidence::Run& run) {
  const auto requests = run.said<record::request::Modules>("capture");
  if (requests.empty()) return std::nullopt;
  return requests.front().t;
}

bool is_at(const std::string& text, PciAddress address) {
  const auto here = parse_pci_address(text);
  return here && *here == address;
}

/// Which drivers an answer shows, and when it came.
struct Shown {
  double t = 0;
  std::vector<record::answer::BoundDriver> drivers;
};

std::vector<Shown> shown(const evidence::Run& run) {
  std::vector<Shown> all;
  for (const auto& answer : run.said<record::answer::WaitBound>("capture"))
    all.push_back({answer.t, answer.bound});
  for (const auto& answer : run.said<record::answer::Pci>("capture")) {
    Shown one{answer.t, {}};
    for (const json& entry : answer.functions) {
      const auto function = record::read<record::PciFunctionLine>(entry);
      one.drivers.push_back({function.address, function.driver.value.value_or("")});
    }
    all.push_back(std::move(one));
  }
  return all;
}

std::optional<Binding> look(const evidence::Run& run, PciAddress address) {
  for (const auto& bound : run.said<record::said::Bound>("capture")) {
    if (!is_at(bound.address, address)) continue;
    Binding binding{bound.driver, std::nullopt, true};
    if (bound.ms) binding.seconds = *bound.ms / 1000;
    return binding;
  }
  const auto asked = asked_at(run);
  for (const Shown& one : shown(run))
    for (const auto& entry : one.drivers)
      if (is_at(entry.address, address) && !entry.driver.empty()) {
        Binding binding{entry.driver, std::nullopt, false};
        if (asked && one.t >= *asked) binding.seconds = one.t - *asked;
        return binding;
      }
  if (const auto found = run.pci.find(last_view()); found != run.pci.end())
    if (const auto* function = found->second.find(address);
        function != nullptr && !function->driver.empty())
      return Binding{function->driver, std::nullopt, false};
  return std::nullopt;
}

/// Words of a driver's log that tell of trouble.
constexpr const char* troubles[] = {"error", "fail",  "timed out", "timeout",
                                    "reset", "abort", "not ready", "hang"};

/// The capture kernel's lines about the device that tell of trouble: serial line and kernel log,
/// each once.
std::vector<std::string> trouble_lines(const evidence::Run& run, const Story& story,
                                       const scenario::PlannedDevice& device) {
  std::vector<std::string> lines;
  std::set<std::string> seen;
  const auto add = [&](std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool trouble =
        std::any_of(std::begin(troubles), std::end(troubles),
                    [&](const char* word) { return lower.find(word) != std::string::npos; });
    if (trouble && mentions(text, device) && seen.insert(std::string(text)).second)
      lines.push_back(shorten(text, 160));
  };
  for (const auto* line : capture_serial(run, story))
    if (line->t >= *story.capture_entry) add(message_of(line->text));
  if (const auto log = run.last_said<record::answer::Kmsg>("capture"))
    for (const auto& entry : log->entries) add(entry.text);
  return lines;
}

/// One device's result; `reason` is empty when it passed.
struct ReinitFinding {
  Verdict verdict = Verdict::pass;
  std::string reason;
  std::string line;
};

/// Did anyone look whether drivers are bound, after they were loaded?
bool was_looked_at(const evidence::Run& run) {
  if (run.last_said<record::answer::WaitBound>("capture")) return true;
  const auto found = run.pci.find(last_view());
  return found != run.pci.end() && !found->second.functions.empty();
}

/// The step of the run that loads the drivers.
constexpr const char* own_step = record::mark::drivers;

ReinitFinding not_bound(const evidence::Run& run, const Story& story, const std::string& name) {
  const bool loading_ended = story.drivers || run.last_said<record::answer::Modules>("capture");
  const std::string line = name + ": not bound";
  if (loading_ended && was_looked_at(run)) return {Verdict::fail, name + " has no driver", line};
  if (const auto step = stuck_step(run))
    return {*step == own_step ? Verdict::fail : Verdict::inconclusive,
            name + " has no driver: " + stuck_in(*step), line};
  if (loading_ended)
    return {Verdict::inconclusive, "nobody looked whether " + name + " has a driver", line};
  if (story.finished() && asked_at(run))
    return {Verdict::fail, name + " has no driver: loading the modules never ended", line};
  return {Verdict::inconclusive, name + " has no driver yet: " + story.cut_off(), line};
}

ReinitFinding judge_binding(const scenario::PlannedDevice& device, const Binding& binding,
                            double within) {
  const std::string name = device.name + " (" + device.profile.driver + ")";
  ReinitFinding finding;
  if (binding.driver != device.profile.driver)
    return {Verdict::fail,
            fmt::format("{} is bound to {}, not to {}", device.name, binding.driver,
                        device.profile.driver),
            fmt::format("{}: bound to {}", name, binding.driver)};
  if (!binding.seconds) {
    finding.line = name + ": bound, when is not known";
    return finding;
  }
  finding.line = fmt::format("{}: bound {}{:.2f} s after the request to load all modules", name,
                             binding.exact ? "" : "at the latest ", *binding.seconds);
  if (*binding.seconds <= within) return finding;
  finding.verdict = binding.exact ? Verdict::fail : Verdict::inconclusive;
  finding.reason = fmt::format(
      "{} was bound {} {:.1f} s after the request to load all modules, more than "
      "{:.1f} s",
      name, binding.exact ? "only" : "at the latest", *binding.seconds, within);
  return finding;
}

/// The last module that was loaded: what a hang came after.
std::string last_module(const evidence::Run& run) {
  const auto last = run.last_said<record::said::Module>("capture");
  return last ? last->module : "none";
}

bool is_expected(const scenario::PlannedDevice& device) {
  return !device.profile.driver.empty() && device.driver_in_capture;
}

void decide(CheckResult& result, const std::vector<ReinitFinding>& findings,
            std::size_t troubles_seen) {
  for (const Verdict worst : {Verdict::fail, Verdict::inconclusive})
    for (const ReinitFinding& finding : findings)
      if (finding.verdict == worst) {
        result.verdict = worst;
        result.reason = finding.reason;
        return;
      }
  result.verdict = Verdict::pass;
  result.reason =
      fmt::format("{} bound to {} driver{}", count(findings.size(), "device"),
                  findings.size() == 1 ? "its" : "their", findings.size() == 1 ? "" : "s");
  const double slowest = result.numbers.value("slowest_s", -1.0);
  if (slowest >= 0)
    result.reason +=
        fmt::format(", the slowest {:.2f} s after the modules were asked for", slowest);
  if (troubles_seen > 0)
    result.reason +=
        fmt::format("; {} in their logs tell of trouble", count(troubles_seen, "line"));
}

std::optional<std::string> skips_reinit(const scenario::RunPlan& plan) {
  if (!plan.scenario.steps.drivers) return "the plan loads no drivers in the capture kernel";
  if (std::none_of(plan.devices.begin(), plan.devices.end(), is_expected))
    return "no device of the plan gets a driver in the capture kernel";
  return std::nullopt;
}

CheckResult judge_reinit(const evidence::Run& run, const json& parameters) {
  const auto& devices = run.plan.devices;
  const Story points = story(run);
  if (!points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel did not reach userspace");
  const auto step = stuck_step(run);
  if (!asked_at(run) && !points.drivers && step != own_step)
    return verdict(Verdict::inconclusive, "the capture kernel was not asked to load drivers: " +
                                              (step ? stuck_in(*step) : points.cut_off()));
  const auto within = parse_duration(evidence::text_of(parameters, "within"));
  const double limit = within ? within->count() : 30.0;
  CheckResult result;
  std::vector<ReinitFinding> findings;
  std::size_t troubles_seen = 0;
  for (const auto& device : devices) {
    if (!is_expected(device)) continue;
    const auto binding = look(run, device.address);
    findings.push_back(binding ? judge_binding(device, *binding, limit)
                               : not_bound(run, points, device.name));
    result.details.push_back(findings.back().line);
    const auto lines = trouble_lines(run, points, device);
    troubles_seen += lines.size();
    append_capped(result.details, lines, 10);
    auto& numbers = result.numbers["devices"][device.name];
    numbers = {{"trouble_lines", lines.size()}, {"bound", binding.has_value()}};
    if (binding && binding->seconds) {
      numbers["seconds"] = *binding->seconds;
      result.numbers["slowest_s"] =
          std::max(result.numbers.value("slowest_s", 0.0), *binding->seconds);
    }
  }
  if (!points.drivers && !run.last_said<record::answer::Modules>("capture"))
    result.details.push_back("the last module loaded: " + last_module(run));
  decide(result, findings, troubles_seen);
  if (result.verdict == Verdict::pass && step == own_step) {
    result.verdict = Verdict::fail;
    result.reason += ", but " + stuck_in(*step);
  }
  return result;
}

const Check check_driver_reinit{
    .name = "driver.reinit",
    .question =
        "Does each device's driver bind to it in the capture kernel, in which time, and what does "
        "it complain about?",
    .skips = skips_reinit,
    .needs = {&need::serial, &need::agent, &need::bound, &need::pci_drivers},
    .parameters =
        {{.name = "within",
          .type = scenario::ParameterSpec::Type::duration,
          .choices = {},
          .fallback = "30s",
          .meaning =
              "longest time from the request to load all modules until the driver is bound"}},
    .judge = judge_reinit};
const Registration register_driver_reinit(check_driver_reinit);

}  // namespace

}  // namespace quiesce::checks
