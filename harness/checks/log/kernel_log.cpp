// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/checks/log/patterns.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// The capture kernel's messages by class, each message once.
struct Log {
  std::map<std::string, std::vector<std::string>> by_class;
  std::vector<std::string> plain;  ///< warnings and worse that no pattern knows
  std::set<std::string> seen;
  std::vector<std::string> order;  ///< the classes as they first occurred

  void add(std::string_view message, const std::string& place, bool is_warning) {
    const std::string kind = classify(message);
    if (kind.empty() && !is_warning) return;
    if (!seen.insert(std::string(message)).second) return;
    const std::string line = place + ": " + shorten(message, 160);
    if (kind.empty()) {
      plain.push_back(line);
      return;
    }
    if (by_class.count(kind) == 0) order.push_back(kind);
    by_class[kind].push_back(line);
  }
};

Log read_log(const evidence::Run& run, const Story& story) {
  Log log;
  for (const auto* line : capture_serial(run, story))
    log.add(message_of(line->text), fmt::format("+{:.1f} s", line->t - story.handover.value_or(0)),
            false);
  if (const auto answer = run.last_said<record::answer::Kmsg>("capture"))
    for (const auto& entry : answer->entries)
      log.add(entry.text, fmt::format("kmsg {:.1f} s", entry.guest), true);
  return log;
}

/// Is the log whole? Says so in `control`; the result is the doubt, empty when it is.
std::string log_problem(const evidence::Run& run, const Story& story, std::string& control) {
  const auto answer = run.last_said<record::answer::Kmsg>("capture");
  if (!answer || answer->refused) return "the agent never read the capture kernel's log";
  const auto lost = answer->lost;
  const auto records = answer->records;
  if (!lost || !records) return "the agent's summary of the log is incomplete";
  control = fmt::format("{} in the log, {} lost", count(*records, "record"), *lost);
  if (*records == 0) return "the capture kernel's log was empty";
  if (*lost > 0)
    return fmt::format("{} of the capture kernel's log were lost", count(*lost, "record"));
  if (answer->left_out > 0)
    return fmt::format("{} of the capture kernel's log did not fit into the agent's answer",
                       count(answer->left_out, "record"));
  const auto lines = capture_serial(run, story);
  const auto on_serial = [&](std::string_view text) {
    return std::any_of(lines.begin(), lines.end(), [&](const auto* line) {
      return line->text.find(text) != std::string::npos;
    });
  };
  // The log buffer may have wrapped; then only the serial line has the beginning.
  if (answer->first_sequence > 0 && !on_serial("Linux version"))
    return "the beginning of the capture kernel's log was overwritten and is not on the serial "
           "line";
  control += on_serial("Linux version") ? ", the serial line has its beginning"
                                        : ", its beginning is not on the serial line";
  return {};
}

std::set<std::string> failing_classes(const json& parameters) {
  std::set<std::string> kinds;
  for (const json& kind : evidence::list_of(parameters, "fail_on"))
    if (kind.is_string()) kinds.insert(kind.get<std::string>());
  return kinds;
}

CheckResult judge_log(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.first_line && !points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel said nothing");
  const Log log = read_log(run, points);
  const auto failing = failing_classes(parameters);
  CheckResult result = verdict(Verdict::pass, "");
  const std::string doubt = log_problem(run, points, result.control);
  std::vector<std::string> bad;
  std::uint64_t other = log.plain.size();
  for (const std::string& kind : log.order) {
    const auto& lines = log.by_class.at(kind);
    result.numbers[kind] = lines.size();
    std::vector<std::string> labelled;
    for (const std::string& line : lines) labelled.push_back(kind + " at " + line);
    append_capped(result.details, labelled, 10);
    if (failing.count(kind) == 0) {
      other += lines.size();
      continue;
    }
    if (bad.empty()) result.reason = kind + " at " + lines.front();
    bad.insert(bad.end(), lines.begin(), lines.end());
  }
  append_capped(result.details, log.plain, 20);
  result.numbers["failing"] = bad.size();
  result.numbers["other_warnings"] = other;
  if (!bad.empty()) {
    result.verdict = Verdict::fail;
    if (bad.size() > 1) result.reason += fmt::format(" (and {} more)", bad.size() - 1);
  } else if (!doubt.empty()) {
    result.verdict = Verdict::inconclusive;
    result.reason = doubt;
  } else {
    result.reason = other == 0 ? "no warning" : "nothing serious, " + count(other, "plain warning");
  }
  return result;
}

const Check check_kernel_log{
    .name = "kernel.log",
    .question =
        "Does the capture kernel complain: oopses, warnings, lockups, timeouts, PCIe and IOMMU "
        "errors?",
    .needs = {&need::serial, &need::agent, &need::kmsg},
    .parameters = {{.name = "fail_on",
                    .type = scenario::ParameterSpec::Type::list,
                    .choices = {"oops", "warning", "lockup", "timeout", "aer", "dmar", "irq",
                                "memory", "vector", "aer-corrected"},
                    .fallback = {"oops", "warning", "lockup", "timeout", "aer", "dmar", "irq",
                                 "memory"},
                    .meaning = "classes of messages that fail the check; the others are listed"}},
    .judge = judge_log};
const Registration register_kernel_log(check_kernel_log);

}  // namespace

}  // namespace quiesce::checks
