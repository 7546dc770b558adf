// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/irq/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

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
  const auto answers = said(course.run, "capture", "response", "interrupts");
  for (const Point& point : points) {
    if (!course.did(point.step)) continue;
    const auto found = std::find_if(answers.begin(), answers.end(), [&](const auto* answer) {
      return evidence::text_of(answer->payload, record::key_of(&record::answer::Interrupts::at)) ==
             point.at;
    });
    const json& lines = found == answers.end()
                            ? json()
                            : evidence::list_of((*found)->payload,
                                                record::key_of(&record::answer::Interrupts::lines));
    const bool readable = std::all_of(lines.begin(), lines.end(), [](const json& line) {
      return !evidence::text_of(line, record::key_of(&record::answer::InterruptLine::line))
                  .empty() &&
             evidence::whole_of(line, record::key_of(&record::answer::InterruptLine::total));
    });
    if (lines.empty() || !readable)
      gaps.push_back(fmt::format("the counts of interrupts at {} are {}", point.at,
                                 lines.empty() ? "missing" : "damaged"));
  }
}

}  // namespace

namespace need {

const Need interrupts{"answers `interrupts`",
                      "one for each point of the run that was reached, each line with its count",
                      {file::agent},
                      look_at_interrupts};

}  // namespace need

}  // namespace quiesce::checks
