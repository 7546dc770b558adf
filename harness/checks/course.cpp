// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <array>

#include "harness/checks/needs.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

constexpr std::array<const char*, 8> step_names{"entry",   "window", "gate",     "actions",
                                                "drivers", "tests",  "consoles", "end"};

std::optional<Step> step_of(const std::string& name) {
  const auto found = std::find(step_names.begin(), step_names.end(), name);
  if (found == step_names.end()) return std::nullopt;
  return static_cast<Step>(found - step_names.begin());
}

bool is_wanted(const scenario::Steps& steps, Step step) {
  if (step == Step::actions) return !steps.before_drivers.empty();
  if (step == Step::drivers) return steps.drivers;
  if (step == Step::tests) return steps.drivers && steps.tests;
  return true;
}

/// Any of the signs that a run leaves of the capture kernel's userspace.
bool shows_userspace(const evidence::Run& run, const Story& story) {
  return story.capture_entry || story.drivers || story.tests || story.capture_end ||
         !run.events<record::event::Step>().empty() ||
         std::any_of(run.agent.begin(), run.agent.end(), [](const auto& message) {
           return message.role == "capture" && message.kind != "request";
         });
}

}  // namespace

Course::Course(const evidence::Run& evidence)
    : run(evidence), story(checks::story(evidence)), entered_(shows_userspace(evidence, story)) {
  if (const auto step = stuck_step(evidence)) {
    stuck_somewhere_ = true;
    stuck_ = step_of(*step);
  }
}

bool Course::did(Step step) const {
  if (!entered_ || !story.finished() || !is_wanted(run.plan.scenario.steps, step)) return false;
  return !stuck_somewhere_ || (stuck_ && step < *stuck_);
}

bool Course::vouched() const {
  const auto ends = run.events<record::event::RunEnd>();
  return run.seal.state == evidence::Seal::State::whole ||
         (!ends.empty() && ends.back().files.has_value());
}

bool Course::has_display() const {
  return scenario::has_display(run.plan.devices);
}

}  // namespace quiesce::checks
