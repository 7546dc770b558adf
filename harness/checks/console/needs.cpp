// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/console/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;
namespace mark = record::mark;

void look_at_screens(const Course& course, Gaps& gaps) {
  for (const auto& picture : course.run.events<event::Screen>()) {
    const std::string& name = picture.screen;
    if (name != mark::production && name != mark::capture_end) continue;
    if (picture.unreadable || picture.no_text) continue;
    if (course.run.screens.count(name) == 0)
      gaps.push_back(fmt::format("screen/{}.txt is missing", name));
  }
  if (course.did(Step::end) && course.has_display() &&
      course.run.screen_truth.count("capture") == 0)
    gaps.emplace_back("screen/vcs-capture.json is missing");
  for (const auto& [name, role] :
       {std::pair{mark::production, "production"}, std::pair{mark::capture_end, "capture"}}) {
    const auto picture = course.run.screens.find(name);
    const auto truth = course.run.screen_truth.find(role);
    if (picture == course.run.screens.end() || truth == course.run.screen_truth.end()) continue;
    const auto rows = truth->second.lines.size();
    if (picture->second.empty() && rows > 0)
      gaps.push_back(fmt::format("screen/{}.txt is empty", name));
    if (const auto told = truth->second.rows; told && *told != rows)
      gaps.push_back(
          fmt::format("screen/vcs-{}.json has {} rows and speaks of {}", role, rows, *told));
  }
}

void look_at_samples(const Course& course, Gaps& gaps) {
  constexpr double longest = 15;  // a sample a second, under load less; a pass stops the machine
  if (!course.did(Step::end) || !course.has_display() || !course.story.handover) return;
  double before = *course.story.handover;
  double gap = 0;
  for (const auto& sample : course.run.events<event::ScreenSample>()) {
    if (sample.t < before) continue;
    gap = std::max(gap, sample.t - before);
    before = sample.t;
  }
  gap = std::max(gap, course.story.capture_end.value_or(before) - before);
  if (gap > longest) gaps.push_back(fmt::format("nobody looked at the screen for {:.1f} s", gap));
}

/// What the plan has typed, what the agent read, and what the timeline has of both.
void look_at_keys(const Course& course, Gaps& gaps) {
  if (!course.did(Step::consoles)) return;
  const auto& run = course.run;
  if (run.events<event::KeySent>().empty())
    gaps.emplace_back("the key that the plan has typed is not in the timeline");
  if (!run.last_said<record::answer::Keys>("capture"))
    gaps.emplace_back("the agent's answer to keys is missing");
  const auto read = run.said<record::said::Key>("capture").size();
  const auto noted = run.events<event::KeyReceived>().size();
  if (read > noted)
    gaps.push_back(
        fmt::format("the agent read {}, and the timeline has {}", count(read, "key"), noted));
}

}  // namespace

namespace need {

const Need screens{"screen/production, capture-end, vcs-production, vcs-capture",
                   "each picture that was read has its text, as many rows as it speaks of",
                   {"screen/"},
                   look_at_screens,
                   record::Capability::screen};
const Need samples{"events `screen.sample`",
                   "none is more than 15 s after the one before, up to the end",
                   {},
                   look_at_samples,
                   record::Capability::screen};
const Need keys{"events `key.sent`, `key.received`, answer `keys`",
                "the plan's key was sent, the timeline has each key that the agent read",
                {},
                look_at_keys,
                record::Capability::keys};

}  // namespace need

}  // namespace quiesce::checks
