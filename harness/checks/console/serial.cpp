// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/console/printed.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/console_level.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// What the run writes to ttyS0 at its end.
constexpr const char* marker = "quiesce-marker-serial";

const evidence::SerialLine* first_with(const std::vector<const evidence::SerialLine*>& lines,
                                       const char* text) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const auto* line) {
    return line->text.find(text) != std::string::npos;
  });
  return found == lines.end() ? nullptr : *found;
}

/// Did the agent confirm that it wrote the marker?
bool marker_written(const evidence::Run& run) {
  const auto asked = run.said<record::request::WriteConsole>("capture");
  const bool wanted = std::any_of(asked.begin(), asked.end(), [](const auto& request) {
    return request.device == "/dev/ttyS0";
  });
  const auto answers = run.said<record::answer::WriteConsole>("capture");
  return wanted && std::any_of(answers.begin(), answers.end(),
                               [](const auto& answer) { return !answer.refused; });
}

const Code serial_works{.name = "works",
                        .verdict = Verdict::pass,
                        .meaning = "banner and marker came out",
                        .sentence =
                            "silent for {silent_s:.1f} s after the handover, then "
                            "{lines_after_handover|line} up to the marker[, all {due} that the "
                            "kernel logged for it among them][?log_unread , its log was not "
                            "read]"};
const Code lines_missing{
    .name = "lines-missing",
    .verdict = Verdict::fail,
    .meaning = "the kernel logged lines above its console level that never came out",
    .sentence =
        "{missing} of {due|line} that the kernel logged for its consoles never came out on "
        "ttyS0, the first at [kmsg {kernel_s:.1f} s]: {text}"};
const Code lines_damaged{
    .name = "damaged",
    .verdict = Verdict::fail,
    .meaning = "lines came out with characters lost or wrong",
    .sentence = "{damaged|line} came out on ttyS0 with characters lost or wrong"};
const Code lines_out_of_order{
    .name = "out-of-order",
    .verdict = Verdict::fail,
    .meaning = "lines came out before others that the kernel logged earlier",
    .sentence = "{out_of_order|line} came out on ttyS0 before what the kernel logged earlier"};
const Code dropped_lines{
    .name = "dropped",
    .verdict = {},
    .meaning = "lines that the kernel itself says it did not print, since too many came at once",
    .line = "the kernel dropped {dropped|line} on its way to the console"};
const Code one_missing{.name = "missing-line",
                       .verdict = {},
                       .meaning = "a line of those that never came out",
                       .line = "never came out: [kmsg {kernel_s:.1f} s] {text}",
                       .most = 10};
const Code no_banner{.name = "no-banner",
                     .verdict = Verdict::fail,
                     .meaning = "the capture kernel runs, and its first line never came out",
                     .sentence =
                         "the capture kernel runs, but ttyS0 has no \"Linux version\" among "
                         "{lines_after_handover|line} after the handover"};
const Code marker_lost{.name = "marker-lost",
                       .verdict = Verdict::fail,
                       .meaning = "what was written to ttyS0 at the end did not come out",
                       .sentence =
                           "the marker that the agent wrote to ttyS0 did not come out[; the "
                           "last line is from +{last_line_s:.1f} s]"};
const Code too_early{.name = "too-early",
                     .verdict = Verdict::inconclusive,
                     .meaning = "the capture kernel did not reach userspace, nor print its banner",
                     .sentence = "the capture kernel did not come far enough to say anything"};
const Code no_marker{
    .name = "no-marker",
    .verdict = Verdict::inconclusive,
    .meaning = "the run did not come to the marker",
    .sentence =
        "the capture kernel printed its banner, but no marker was written to ttyS0[: the "
        "capture kernel got stuck in step {stuck}]"};
const Code unheard_before{.name = "unheard-before",
                          .verdict = Verdict::inconclusive,
                          .meaning = "nothing shows that the line is recorded",
                          .sentence = "the serial line has no word of the production kernel"};
const Code last_serial_line{.name = "last-line",
                            .verdict = {},
                            .meaning = "the last line on the serial line",
                            .line = "last line: {text}"};

/// What levels of the capture kernel's messages its consoles show: as it says itself, else by its
/// command line.
int console_level(const evidence::Run& run) {
  const auto log = run.last_said<record::answer::Kmsg>("capture");
  if (log && log->console_level) return *log->console_level;
  const auto hello = run.last_said<record::said::Hello>("capture");
  return scenario::console_level_of(hello ? hello->command_line : std::string());
}

/// The kernel's banner is a notice.
constexpr int banner_level = 5;  // KERN_NOTICE, init/main.c

/// What the kernel logged for its consoles against what came out.
void look_at_log(Findings& findings, const evidence::Run& run, const Story& story) {
  Finding& whole = findings.front();
  const auto log = run.last_said<record::answer::Kmsg>("capture");
  if (!log || log->refused) {
    whole.with(measure::flag("log_unread", true));
    return;
  }
  // Runs in which the agent did not tell of it had a socket for the line, which lost characters.
  if (!log->console_level) return;
  std::vector<std::string_view> lines;
  for (const auto* line : capture_serial(run, story)) lines.push_back(message_of(line->text));
  const Printed printed = compare_printed(log->entries, *log->console_level, lines);
  whole.with(measure::count("due", printed.due));
  if (printed.damaged > 0)
    findings.push_back(found(lines_damaged, {measure::count("damaged", printed.damaged)}));
  if (printed.dropped > 0)
    findings.push_back(found(dropped_lines, {measure::count("dropped", printed.dropped)}));
  if (printed.out_of_order > 0)
    findings.push_back(
        found(lines_out_of_order, {measure::count("out_of_order", printed.out_of_order)}));
  if (printed.missing.size() <= printed.dropped) return;
  const auto told = [](const Code& code, const record::answer::LogEntry& entry) {
    return found(code, {Subject::Kind::message, {}},
                 {measure::seconds("kernel_s", entry.guest),
                  measure::text("text", shorten(entry.text, 160))});
  };
  Finding first = told(lines_missing, printed.missing.front());
  first.with(measure::count("missing", printed.missing.size()))
      .with(measure::count("due", printed.due))
      .seen_in({record::file::agent, record::answer::Kmsg::name, log->t});
  findings.push_back(std::move(first));
  for (const auto& entry : printed.missing) findings.push_back(told(one_missing, entry));
}

/// `lines` are those after the handover.
Finding judge_lines(const evidence::Run& run, const Story& story,
                    const std::vector<const evidence::SerialLine*>& lines) {
  const auto* banner = first_with(lines, "Linux version");
  const auto* mark = first_with(lines, marker);
  const bool quiet = console_level(run) <= banner_level;
  if (banner == nullptr && (!quiet || !story.capture_entry))
    return found(story.capture_entry ? no_banner : too_early);
  if (mark != nullptr && (banner == nullptr || mark->t >= banner->t))
    return found(serial_works).seen_in({record::file::serial, {}, mark->t});
  if (marker_written(run))
    return found(marker_lost)
        .with_seconds("last_line_s", lines.empty()
                                         ? std::nullopt
                                         : std::optional(lines.back()->t - *story.handover));
  Finding finding = found(no_marker);
  if (const auto step = stuck_step(run)) finding.with(measure::text("stuck", *step));
  return finding;
}

Findings judge_serial(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (!points.handover)
    return {found(code::no_handover, {measure::text("cut_off", points.cut_off())})};
  std::vector<const evidence::SerialLine*> lines;
  for (const auto& line : run.serial)
    if (line.t >= *points.handover && !line.text.empty()) lines.push_back(&line);
  // What the production kernel printed shows that the line is recorded.
  if (run.serial.empty() || run.serial.front().t >= *points.handover)
    return {found(unheard_before)};
  Findings findings{judge_lines(run, points, lines)};
  findings.front().with(measure::count("lines_after_handover", lines.size()));
  if (findings.front().code == serial_works.name) look_at_log(findings, run, points);
  if (lines.empty()) return findings;
  findings.front().with(measure::seconds("silent_s", lines.front()->t - *points.handover));
  findings.push_back(found(last_serial_line, {Subject::Kind::message, {}},
                           {measure::text("text", shorten(lines.back()->text))})
                         .seen_in({record::file::serial, {}, lines.back()->t}));
  return findings;
}

const Check check_console_serial{
    .name = "console.serial",
    .question =
        "Does the serial console work in the capture kernel: does it show all that the kernel's "
        "console level lets through, in order, up to a marker at the end, and how long was it "
        "silent?",
    .needs = {&need::serial, &need::agent, &need::kmsg},
    .codes = {&serial_works, &lines_missing, &lines_damaged, &lines_out_of_order, &dropped_lines,
              &one_missing, &no_banner, &marker_lost, &too_early, &no_marker, &unheard_before,
              &last_serial_line},
    .parameters = {},
    .judge = judge_serial};
const Registration register_console_serial(check_console_serial);

}  // namespace

}  // namespace quiesce::checks
