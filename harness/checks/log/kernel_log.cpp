// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>
#include <set>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/log/sources.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/starvation.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// Where a message stands: on the serial line, or in the log by the kernel's own clock.
const std::string at_place = "[+{at_s:.1f} s][kmsg {kernel_s:.1f} s]: {text}";
/// How much of the log belongs to it.
const std::string below = "[, and {further|further line}]";

/// A class of messages, by classify(). Whether it fails is the check's parameter.
Code class_code(const char* kind, std::optional<Verdict> verdict, const char* meaning,
                bool of_time = false) {
  const std::string text = std::string(kind) + " at " + at_place + below;
  return {.name = kind,
          .verdict = verdict,
          .meaning = meaning,
          .sentence = text,
          .line = text,
          .most = 10,
          .of_time = of_time};
}
const std::array classes{
    class_code("oops", Verdict::fail, "the kernel's own faults, and panics"),
    class_code("warning", Verdict::fail, "WARNING, with its place in the source"),
    class_code("lockup", Verdict::fail, "a CPU or a task that does not get on", true),
    class_code("timeout", Verdict::fail,
               "a device or command that did not answer in time, or hangs", true),
    class_code("device", Verdict::fail, "a driver says that its device failed it"),
    class_code("aer", Verdict::fail, "a PCIe error that was not corrected"),
    class_code("dmar", Verdict::fail, "a fault of the IOMMU"),
    class_code("irq", Verdict::fail, "a line that was given up"),
    class_code("memory", Verdict::fail, "too little memory"),
    class_code(
        "boot", Verdict::fail,
        "the capture kernel cannot use what it was loaded with: initramfs, modules, the dump"),
    class_code("elsewhere", std::nullopt,
               "a failure of a device that is known not to be under test, as the chipset's are"),
    class_code("vector", std::nullopt, "a stray interrupt in its place"),
    class_code("aer-corrected", std::nullopt, "a PCIe error that was corrected")};
const Code plain_warning{.name = "plain-warning",
                         .verdict = {},
                         .meaning = "a warning or worse by its level that is of no class",
                         .line = at_place,
                         .most = 20};
const Code nothing_serious{
    .name = "nothing-serious",
    .verdict = Verdict::pass,
    .meaning = "the log is whole and has nothing that is to fail",
    .sentence = "[!other_warnings no warning][nothing serious, {other_warnings|plain warning}]"};
const Code log_read{.name = "log",
                    .verdict = {},
                    .meaning = "how many records the log had, and whether its beginning is known",
                    .control =
                        "{records|record} in the log, {lost} lost[?beginning_known , the "
                        "serial line has its beginning][?beginning_unknown , its beginning "
                        "is not on the serial line]"};
const Code log_unread{.name = "log-unread",
                      .verdict = Verdict::inconclusive,
                      .meaning = "the agent did not send the log",
                      .sentence = "the agent never read the capture kernel's log"};
const Code log_summary{.name = "log-summary",
                       .verdict = Verdict::inconclusive,
                       .meaning = "the agent left out how much it read",
                       .sentence = "the agent's summary of the log is incomplete"};
const Code log_empty{.name = "log-empty",
                     .verdict = Verdict::inconclusive,
                     .meaning = "the agent read nothing",
                     .sentence = "the capture kernel's log was empty"};
const Code log_lost{.name = "log-lost",
                    .verdict = Verdict::inconclusive,
                    .meaning = "the agent came too late for some records",
                    .sentence = "{lost|record} of the capture kernel's log were lost"};
const Code log_left_out{.name = "log-left-out",
                        .verdict = Verdict::inconclusive,
                        .meaning = "the agent's answer had no room for some records",
                        .sentence =
                            "{left_out|record} of the capture kernel's log did not fit into "
                            "the agent's answer"};
const Code log_overwritten{.name = "log-overwritten",
                           .verdict = Verdict::inconclusive,
                           .meaning = "the log has no beginning, and the serial line neither",
                           .sentence =
                               "the beginning of the capture kernel's log was overwritten "
                               "and is not on the serial line"};

/// nullptr for a class that has no code.
const Code* code_of(const std::string& kind) {
  const auto found = std::find_if(classes.begin(), classes.end(),
                                  [&](const Code& code) { return code.name == kind; });
  return found == classes.end() ? nullptr : &*found;
}

Finding finding_of(const Report& report) {
  const std::string& kind = report.judgement.kind;
  const Code* code = kind.empty() ? &plain_warning : code_of(kind);
  Finding finding =
      found(*code, {Subject::Kind::message, {}},
            {report.head.place, measure::text("text", shorten(report.head.message.text, 160))});
  if (!kind.empty()) {
    finding.with(measure::text("whose", to_string(report.judgement.concerns)));
    finding.with(measure::text("why", report.judgement.why));
  }
  if (!report.below.empty()) finding.with(measure::count("further", report.below.size()));
  finding.seen_in(report.head.where);
  return finding;
}

using Answer = evidence::Told<record::answer::Kmsg>;

/// Is the log whole? The doubt, or nullopt; what was read goes into `control`.
std::optional<Finding> log_problem(const evidence::Run& run, const Story& story,
                                   const std::optional<Answer>& answer, Measures& control) {
  if (!answer || answer->refused) return found(log_unread);
  if (!answer->lost || !answer->records) return found(log_summary);
  control = {measure::count("records", *answer->records), measure::count("lost", *answer->lost)};
  if (*answer->records == 0) return found(log_empty);
  if (*answer->lost > 0) return found(log_lost, {measure::count("lost", *answer->lost)});
  if (answer->left_out > 0)
    return found(log_left_out, {measure::count("left_out", answer->left_out)});
  const auto lines = capture_serial(run, story);
  const bool begins = std::any_of(lines.begin(), lines.end(), [](const auto* line) {
    return line->text.find("Linux version") != std::string::npos;
  });
  // The log buffer may have wrapped; then only the serial line has the beginning.
  if (answer->first_sequence > 0 && !begins) return found(log_overwritten);
  control.push_back(measure::flag(begins ? "beginning_known" : "beginning_unknown", true));
  return std::nullopt;
}

std::set<std::string> failing_classes(const json& parameters) {
  std::set<std::string> kinds;
  for (const json& kind : evidence::list_of(parameters, "fail_on"))
    if (kind.is_string()) kinds.insert(kind.get<std::string>());
  return kinds;
}

/// The classes as they first occurred, then what is of none.
void by_class(std::vector<Report>& reports) {
  std::vector<std::string> order;
  for (const Report& report : reports)
    if (const std::string& kind = report.judgement.kind;
        !kind.empty() && std::find(order.begin(), order.end(), kind) == order.end())
      order.push_back(kind);
  const auto rank = [&](const Report& report) {
    return std::find(order.begin(), order.end(), report.judgement.kind);
  };
  std::stable_sort(reports.begin(), reports.end(),
                   [&](const Report& a, const Report& b) { return rank(a) < rank(b); });
}

Findings judge_log(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.first_line && !points.capture_entry) return {found(code::silent_kernel)};
  const auto failing = failing_classes(parameters);
  std::vector<Report> reports = log_reports(run, points);
  for (Report& report : reports)
    if (report.judgement.kind == "oops" && is_panic_of_time(report.head.message.text))
      report.judgement.kind = "lockup";
  by_class(reports);
  Findings findings;
  std::uint64_t bad = 0;
  std::uint64_t other = 0;
  for (const Report& report : reports) {
    const bool fails = failing.count(report.judgement.kind) > 0;
    ++(fails ? bad : other);
    findings.push_back(finding_of(report));
    findings.back().verdict = fails ? std::optional(Verdict::fail) : std::nullopt;
  }
  Finding whole =
      found(log_read, {measure::count("failing", bad), measure::count("other_warnings", other)});
  const auto doubt =
      log_problem(run, points, run.last_said<record::answer::Kmsg>("capture"), whole.control);
  if (doubt)
    findings.push_back(*doubt);
  else if (bad == 0)
    findings.push_back(found(nothing_serious, {measure::count("other_warnings", other)}));
  findings.push_back(whole);
  return findings;
}

std::vector<const Code*> log_codes() {
  std::vector<const Code*> codes{&nothing_serious, &plain_warning, &log_read,
                                 &log_unread,      &log_summary,   &log_empty,
                                 &log_lost,        &log_left_out,  &log_overwritten};
  for (const Code& code : classes) codes.push_back(&code);
  return codes;
}

const Check check_kernel_log{
    .name = "kernel.log",
    .question =
        "Does the capture kernel complain: oopses, warnings, lockups, timeouts, PCIe and IOMMU "
        "errors, devices that fail their drivers?",
    .how =
        "A message counts by what the kernel means by it. First comes the form in which the kernel "
        "reports its own trouble (`WARNING: ... at`, `Initramfs unpacking failed`). Then who "
        "speaks, by the driver and the device at its beginning, and what is said: a word of "
        "trouble that is not negated (`no error`), not conditional (`may fail`) and not the name "
        "of a setting or feature (`reset timeout 20 s`, `error reporting`), and what an error "
        "number stands for (-110: it did not come in time). How plain it must be depends on the "
        "level: a driver of a device under test that prints at error level is taken at its word, "
        "a warning must mention trouble, information must state a failure. Levels are those of the "
        "kernel's own records, which hold warnings and worse: a serial line that whole records "
        "have "
        "not is information, and where they are not whole it must name trouble. What is forgiven, "
        "because the driver goes on "
        "another way (`falling back`), is listed; so is the failure of a device that is known not "
        "to be under test (`elsewhere`).\n\nA call trace or a dump of registers is one finding "
        "with "
        "the line above it. Of the serial line counts what the records have not; a line that may "
        "be what is "
        "left of a record, where the line lost characters, does not. "
        "`tests/golden/kernel-lines/lines.tsv` has lines of kernels, each judged by a person, that "
        "this is held against.",
    .needs = {&need::serial, &need::agent, &need::kmsg},
    .codes = log_codes(),
    .parameters = {{.name = "fail_on",
                    .type = scenario::ParameterSpec::Type::list,
                    .choices = {"oops", "warning", "lockup", "timeout", "device", "aer", "dmar",
                                "irq", "memory", "boot", "elsewhere", "vector", "aer-corrected"},
                    .fallback = {"oops", "warning", "lockup", "timeout", "device", "aer", "dmar",
                                 "irq", "memory", "boot"},
                    .meaning = "classes of messages that fail the check; the others are listed"}},
    .judge = judge_log};
const Registration register_kernel_log(check_kernel_log);

}  // namespace

}  // namespace quiesce::checks
