// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/record/events_device.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;

void want_actions(const Course& course, Gaps& gaps, const char* at,
                  const std::vector<scenario::Action>& actions, bool climb) {
  const auto done = course.run.events<event::ResetAction>();
  const auto& devices = course.run.plan.devices;
  for (std::size_t number = 0; number < actions.size(); ++number) {
    // An action of a climb is left out for devices that work again.
    if (climb && number > 0) continue;
    for (const auto& device : devices) {
      const auto& named = actions[number].devices;
      const bool meant = named.empty()
                             ? device.busy && !scenario::activity_of(device).shows_console
                             : std::find(named.begin(), named.end(), device.name) != named.end();
      if (!meant) continue;
      if (std::none_of(done.begin(), done.end(), [&](const auto& one) {
            return one.at == at && one.device == device.name && one.number == number;
          }))
        gaps.push_back(
            fmt::format("what action {} did to {} ({}) is missing", number + 1, device.name, at));
    }
  }
}

/// What is told of actions that nobody planned came from another run or plan.
void look_at_unplanned(const Course& course, Gaps& gaps) {
  const auto& steps = course.run.plan.scenario.steps;
  for (const auto& done : course.run.events<event::ResetAction>()) {
    const auto& actions = done.at == "production" ? steps.production : steps.before_drivers;
    if (done.number && *done.number < actions.size()) continue;
    gaps.push_back(fmt::format("{} is told of action {} ({}), which the plan has not", done.device,
                               done.number ? *done.number + 1 : 0, done.at));
  }
}

void look_at_actions(const Course& course, Gaps& gaps) {
  const auto& steps = course.run.plan.scenario.steps;
  look_at_unplanned(course, gaps);
  if (course.story.handover) want_actions(course, gaps, "production", steps.production, false);
  if (course.did(Step::actions))
    want_actions(course, gaps, "before-drivers", steps.before_drivers, steps.climb);
}

}  // namespace

namespace need {

const Need actions{"events `reset.action`",
                   "one for each action and device of the plan, up to where a climb leaves "
                   "devices out",
                   {},
                   look_at_actions};

}  // namespace need

}  // namespace quiesce::checks
