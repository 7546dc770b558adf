// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/checks/dma/strays.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;
namespace mark = record::mark;

void look_at_passes(const Course& course, Gaps& gaps) {
  const auto& handover = course.story.handover;
  if (!handover) return;
  const auto baselines = course.run.events<event::Baseline>();
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto& baseline) { return baseline.t >= *handover; }))
    gaps.emplace_back("no baseline of the memory was taken at the handover");
  if (!course.did(Step::end)) return;
  if (const Watch watch = look_at_watch(course.run, course.story); !watch.problem.empty())
    gaps.push_back(watch.problem);
}

void look_at_closing(const Course& course, Gaps& gaps) {
  want_mark(course, gaps, mark::closing, course.did(Step::end));
}

void look_at_handover(const Course& course, Gaps& gaps) {
  want_snapshot(course, gaps, mark::handover, course.story.handover.has_value());
}

}  // namespace

namespace need {

const Need watch{"events `baseline`, `watch.pass`",
                 "a baseline at the handover, no two passes more than 5 s apart up to the end",
                 {},
                 look_at_passes,
                 record::Capability::watch_memory};
const Need closing{"mark `closing`",
                   "it is there when the end was reached",
                   {},
                   look_at_closing,
                   record::Capability::stop};
const Need pci_handover{"pci/handover.json",
                        "it has a function",
                        {"pci/handover.json"},
                        look_at_handover,
                        record::Capability::configuration};

}  // namespace need

}  // namespace quiesce::checks
