// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"

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

CheckResult judge_serial(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (!points.handover)
    return verdict(Verdict::inconclusive, "there was no handover: " + points.cut_off());
  std::vector<const evidence::SerialLine*> lines;
  for (const auto& line : run.serial)
    if (line.t >= *points.handover && !line.text.empty()) lines.push_back(&line);
  // What the production kernel printed shows that the line is recorded.
  if (run.serial.empty() || run.serial.front().t >= *points.handover)
    return verdict(Verdict::inconclusive, "the serial line has no word of the production kernel");
  CheckResult result = verdict(Verdict::pass, "");
  result.numbers["lines_after_handover"] = lines.size();
  const auto* banner = first_with(lines, "Linux version");
  const auto* mark = first_with(lines, marker);
  if (!lines.empty()) result.numbers["silent_s"] = lines.front()->t - *points.handover;
  if (banner == nullptr && !points.capture_entry) {
    result.verdict = Verdict::inconclusive;
    result.reason = "the capture kernel did not come far enough to say anything";
  } else if (banner == nullptr) {
    result.verdict = Verdict::fail;
    result.reason = fmt::format(
        "the capture kernel runs, but ttyS0 has no \"Linux version\" among {} after the handover",
        count(lines.size(), "line"));
  } else if (mark != nullptr && mark->t >= banner->t) {
    result.reason = fmt::format("silent for {:.1f} s after the handover, then {} up to the marker",
                                lines.front()->t - *points.handover, count(lines.size(), "line"));
  } else if (marker_written(run)) {
    result.verdict = Verdict::fail;
    result.reason = fmt::format(
        "the marker that the agent wrote to ttyS0 did not come out; the last line is from +{:.1f} "
        "s",
        lines.back()->t - *points.handover);
  } else {
    result.verdict = Verdict::inconclusive;
    result.reason = "the capture kernel printed its banner, but no marker was written to ttyS0";
    if (const auto step = stuck_step(run)) result.reason += ": " + stuck_in(*step);
  }
  if (!lines.empty()) result.details.push_back("last line: " + shorten(lines.back()->text));
  return result;
}

const Check check_console_serial{
    .name = "console.serial",
    .question =
        "Does the serial console work in the capture kernel, from its banner to a marker at the "
        "end, and how long was it silent?",
    .needs = {&need::serial, &need::agent},
    .parameters = {},
    .judge = judge_serial};
const Registration register_console_serial(check_console_serial);

}  // namespace

}  // namespace quiesce::checks
