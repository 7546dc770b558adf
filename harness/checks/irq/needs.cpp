// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/irq/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/irq/samples.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace mark = record::mark;
namespace file = record::file;

void look_at_interrupts(const Course& course, Gaps& gaps) {
  struct Point {
    const char* at;
    Step step;
  };
  constexpr Point points[] = {{mark::capture_entry, Step::entry},
                              {"window-end", Step::window},
                              {mark::drivers, Step::drivers},
                              {mark::capture_end, Step::end}};
  const auto answers = course.run.said<record::answer::InterruptsCame>("capture");
  for (const Point& point : points) {
    if (!course.did(point.step)) continue;
    const auto found = std::find_if(answers.begin(), answers.end(),
                                    [&](const auto& answer) { return answer.at == point.at; });
    const auto lines = found == answers.end() ? std::vector<json>() : found->lines;
    const bool readable = std::all_of(lines.begin(), lines.end(), [](const json& came) {
      const auto line = record::read<record::answer::InterruptLineCame>(came);
      return !line.line.empty() && line.total;
    });
    if (lines.empty() || !readable)
      gaps.push_back(fmt::format("the counts of interrupts at {} are {}", point.at,
                                 lines.empty() ? "missing" : "damaged"));
  }
}

/// What QEMU delivered to the CPUs while the kernel's clock did not run: cut short, a storm would
/// be none.
void look_at_deliveries(const Course& course, Gaps& gaps) {
  const IrqMessages messages = irq_messages(course.run, course.story);
  if (!messages.used_up_early()) return;
  if (const auto rate = messages.early_rate_by_clock(); rate && *rate <= vector_storm_limit) return;
  const evidence::Trace& trace = course.run.trace;
  const auto window = early_window(course.run, course.story);
  if (!window || trace.deliveries.empty() || trace.last < window->until || trace.goes_back)
    gaps.emplace_back(
        "vectors that nobody had set up came before the kernel's clock ran, and how often is not "
        "recorded");
}

}  // namespace

namespace need {

const Need deliveries{
    file::trace,
    "has the interrupts that QEMU delivered, when the capture kernel used up its messages of "
    "vectors without a handler before its clock ran",
    {file::trace},
    look_at_deliveries};

const Need interrupts{"answers `interrupts`",
                      "one for each point of the run that was reached, each line with its count",
                      {file::agent},
                      look_at_interrupts};

}  // namespace need

}  // namespace quiesce::checks
