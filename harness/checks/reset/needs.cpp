// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/reset/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/record/events_device.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;

void want_actions(const Course& course, Gaps& gaps, const char* at,
                  const std::vector<scenario::Action>& actions, bool climb) {
  const auto done = course.run.events(event::ResetAction::name);
  const auto& devices = course.run.plan.devices;
  for (std::size_t number = 0; number < actions.size(); ++number) {
    // An action of a climb is left out for devices that work again.
    if (climb && number > 0) continue;
    for (const auto& device : devices) {
      const auto& named = actions[number].devices;
      const bool meant =
          named.empty() ? device.busy && evidence::text_of(device.activity, "kind") != "console"
                        : std::find(named.begin(), named.end(), device.name) != named.end();
      if (!meant) continue;
      if (std::none_of(done.begin(), done.end(), [&](const auto* one) {
            return one->text("at") == at && one->text("device") == device.name &&
                   evidence::whole_of(
                       one->fields, record::key_of(&record::event::ResetAction::number)) == number;
          }))
        gaps.push_back(
            fmt::format("what action {} did to {} ({}) is missing", number + 1, device.name, at));
    }
  }
}

void look_at_actions(const Course& course, Gaps& gaps) {
  const auto& steps = course.run.plan.scenario.steps;
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
