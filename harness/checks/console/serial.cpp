// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

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
                            "{lines_after_handover|line} up to the marker"};
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
                           "the marker that the agent wrote to ttyS0 did not come out; the "
                           "last line is from +{last_line_s:.1f} s"};
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

/// `lines` are those after the handover.
Finding judge_lines(const evidence::Run& run, const Story& story,
                    const std::vector<const evidence::SerialLine*>& lines) {
  const auto* banner = first_with(lines, "Linux version");
  const auto* mark = first_with(lines, marker);
  if (banner == nullptr) return found(story.capture_entry ? no_banner : too_early);
  if (mark != nullptr && mark->t >= banner->t)
    return found(serial_works).seen_in({record::file::serial, {}, mark->t});
  if (marker_written(run))
    return found(marker_lost, {measure::seconds("last_line_s", lines.back()->t - *story.handover)});
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
        "Does the serial console work in the capture kernel, from its banner to a marker at the "
        "end, and how long was it silent?",
    .needs = {&need::serial, &need::agent},
    .codes = {&serial_works, &no_banner, &marker_lost, &too_early, &no_marker, &unheard_before,
              &last_serial_line},
    .parameters = {},
    .judge = judge_serial};
const Registration register_console_serial(check_console_serial);

}  // namespace

}  // namespace quiesce::checks
