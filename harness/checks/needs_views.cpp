// SPDX-License-Identifier: GPL-2.0-or-later
// The needs that are views of the machine: configuration spaces, screens, tests, keys, actions.
#include <fmt/format.h>
#include <linux/pci_regs.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/checks/needs.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace event = record::event;
namespace mark = record::mark;

const evidence::PciSnapshot* snapshot_of(const Course& course, const std::string& name) {
  const auto found = course.run.pci.find(name);
  return found == course.run.pci.end() || found->second.functions.empty() ? nullptr
                                                                          : &found->second;
}

void want_snapshot(const Course& course, Gaps& gaps, const std::string& name, bool due) {
  if (due && snapshot_of(course, name) == nullptr)
    gaps.push_back(fmt::format("pci/{}.json is missing or empty", name));
}

/// What of a header never changes: vendor and device, class, header type, first capability.
bool same_function(const PciConfig& a, const PciConfig& b) {
  return a.vendor() == b.vendor() && a.device() == b.device() && a.class_code() == b.class_code() &&
         a.byte(PCI_HEADER_TYPE) == b.byte(PCI_HEADER_TYPE) &&
         a.byte(PCI_CAPABILITY_LIST) == b.byte(PCI_CAPABILITY_LIST);
}

/// Functions of `later` against those of the handover: one that is new, or another one, shows that
/// one of the two is not whole. One that is gone may have fallen off the bus.
void compare_functions(const evidence::PciSnapshot& handover, const evidence::PciSnapshot& later,
                       Gaps& gaps) {
  for (const auto& function : later.functions) {
    if (function.config.absent()) continue;
    const auto* before = handover.find(function.address);
    if (before == nullptr)
      gaps.push_back(fmt::format("pci/handover.json has not the function {} that pci/{}.json has",
                                 to_string(function.address), later.mark));
    else if (!before->config.absent() && !same_function(before->config, function.config))
      gaps.push_back(fmt::format("pci/handover.json and pci/{}.json have not the same function {}",
                                 later.mark, to_string(function.address)));
  }
}

/// libpci found a function that the view from outside, taken a moment later, has not.
void compare_views(const Course& course, Gaps& gaps) {
  const auto* inside = snapshot_of(course, "capture-end-agent");
  const auto* outside = snapshot_of(course, mark::capture_end);
  if (inside == nullptr || outside == nullptr) return;
  for (const auto& function : inside->functions)
    if (!function.config.absent() && outside->find(function.address) == nullptr)
      gaps.push_back(fmt::format(
          "pci/capture-end.json has not the function {} that pci/capture-end-agent.json has",
          to_string(function.address)));
}

void look_at_handover(const Course& course, Gaps& gaps) {
  want_snapshot(course, gaps, mark::handover, course.story.handover.has_value());
}

void look_at_marks(const Course& course, Gaps& gaps) {
  const std::pair<const char*, bool> due[] = {{mark::handover, course.story.handover.has_value()},
                                              {mark::capture_entry, course.did(Step::entry)},
                                              {mark::drivers, course.did(Step::drivers)},
                                              {mark::capture_end, course.did(Step::end)}};
  for (const auto& [name, reached] : due) want_snapshot(course, gaps, name, reached);
  const auto* handover = snapshot_of(course, mark::handover);
  if (handover == nullptr || course.vouched()) return;
  for (const char* name : {mark::production, mark::capture_entry, mark::drivers, mark::capture_end})
    if (const auto* later = snapshot_of(course, name)) compare_functions(*handover, *later, gaps);
  compare_views(course, gaps);
}

/// libpci's views know the drivers. A guest whose configuration spaces did not answer has none, and
/// the timeline says so.
void look_at_drivers(const Course& course, Gaps& gaps) {
  const auto silent = course.run.events<event::AgentPciMissing>();
  const auto excused = [&](const char* name) {
    return std::any_of(silent.begin(), silent.end(),
                       [&](const auto& one) { return one.mark == name; });
  };
  want_snapshot(course, gaps, "production-agent",
                course.story.handover && !excused(mark::production));
  want_snapshot(course, gaps, "capture-end-agent",
                course.did(Step::end) && !excused(mark::capture_end));
}

/// The agent was asked for the modules, and answered.
void look_at_bound(const Course& course, Gaps& gaps) {
  if (!course.did(Step::drivers)) return;
  if (!course.run.last_said<record::answer::Modules>("capture"))
    gaps.push_back(
        fmt::format("the agent's answer to {} is missing", record::answer::Modules::name));
}

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

void look_at_tests(const Course& course, Gaps& gaps) {
  if (!course.did(Step::tests)) return;
  const auto results = course.run.events<event::TestResult>();
  for (const auto& device : course.run.plan.devices) {
    const auto test = scenario::test_of(device);
    if (!scenario::is_some(test) || !device.driver_in_capture) continue;
    if (std::none_of(results.begin(), results.end(),
                     [&](const auto& one) { return one.device == device.name; }))
      gaps.push_back("the result of the test of " + device.name + " is missing");
    if (test.witness == scenario::Witness::tone && course.run.sound_of(device.name).empty())
      gaps.push_back(course.run.sound_file_of(device.name) + " is missing or empty");
  }
}

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

void look_at_actions(const Course& course, Gaps& gaps) {
  const auto& steps = course.run.plan.scenario.steps;
  if (course.story.handover) want_actions(course, gaps, "production", steps.production, false);
  if (course.did(Step::actions))
    want_actions(course, gaps, "before-drivers", steps.before_drivers, steps.climb);
}

}  // namespace

namespace need {

const Need pci_handover{
    "pci/handover.json", "it has a function", {"pci/handover.json"}, look_at_handover};
const Need pci_marks{"pci/handover, capture-entry, drivers, capture-end",
                     "each mark that was reached has its file; the functions of one are those of "
                     "the next",
                     {"pci/"},
                     look_at_marks};
const Need pci_drivers{"pci/production-agent, capture-end-agent",
                       "each that was reached has its file, or the timeline says why not",
                       {"pci/"},
                       look_at_drivers};
const Need bound{"answer `modules`",
                 "it is there when the step drivers was done",
                 {record::file::agent},
                 look_at_bound};
const Need screens{"screen/production, capture-end, vcs-production, vcs-capture",
                   "each picture that was read has its text, as many rows as it speaks of",
                   {"screen/"},
                   look_at_screens};
const Need samples{"events `screen.sample`",
                   "none is more than 15 s after the one before, up to the end",
                   {},
                   look_at_samples};
const Need keys{"events `key.sent`, `key.received`, answer `keys`",
                "the plan's key was sent, the timeline has each key that the agent read",
                {},
                look_at_keys};
const Need tests{"events `test.result`, `audio-NAME.wav`",
                 "one for each device that the plan tests; the sound that a test played",
                 {record::file::audio, record::sound_begin},
                 look_at_tests};
const Need actions{"events `reset.action`",
                   "one for each action and device of the plan, up to where a climb leaves "
                   "devices out",
                   {},
                   look_at_actions};

}  // namespace need

}  // namespace quiesce::checks
