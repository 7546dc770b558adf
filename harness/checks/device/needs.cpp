// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/needs.hpp"

#include <fmt/format.h>
#include <linux/pci_regs.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;
namespace mark = record::mark;

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

}  // namespace

namespace need {

const Need pci_marks{"pci/handover, capture-entry, drivers, capture-end",
                     "each mark that was reached has its file; the functions of one are those of "
                     "the next",
                     {"pci/"},
                     look_at_marks,
                     record::Capability::configuration};
const Need pci_drivers{"pci/production-agent, capture-end-agent",
                       "each that was reached has its file, or the timeline says why not",
                       {"pci/"},
                       look_at_drivers};
const Need bound{"answer `modules`",
                 "it is there when the step drivers was done",
                 {record::file::agent},
                 look_at_bound};
const Need tests{"events `test.result`, `audio-NAME.wav`",
                 "one for each device that the plan tests; the sound that a test played",
                 {record::file::audio, record::sound_begin},
                 look_at_tests};

}  // namespace need

}  // namespace quiesce::checks
