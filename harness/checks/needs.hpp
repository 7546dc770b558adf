// SPDX-License-Identifier: GPL-2.0-or-later
// What checks need of the evidence, and the one gate that looks whether it is there and whole.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/checks/check.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/capability.hpp"

namespace quiesce::checks {

/// The steps of the capture kernel's side, in their order (event `step`).
enum class Step { entry, window, gate, actions, drivers, tests, consoles, end };

/// How far the run came, by its plan and its timeline. What lies beyond is not missing: the kernel
/// never got there, and that is for the checks to judge.
class Course {
 public:
  explicit Course(const evidence::Run& evidence);

  const evidence::Run& run;
  const Story story;

  /// The step is over: what it leaves behind is due.
  bool did(Step step) const;
  /// The capture kernel's userspace was there, by any sign of it.
  bool entered() const { return entered_; }
  bool has_display() const;
  /// The seal or the run's own end says that every file is as long as it was left: what two views
  /// of the machine do not agree on is then the machine's doing.
  bool vouched() const;

 private:
  std::optional<Step> stuck_;
  bool stuck_somewhere_ = false;
  bool entered_ = false;
};

/// What is missing or damaged, a clause each.
using Gaps = std::vector<std::string>;

/// One thing that a check needs, and what shows that it is whole.
struct Need {
  const char* name;   ///< of the file, the events, the marks or the answers
  const char* whole;  ///< the count or control that shows it whole; for docs/checks.md
  /// Files that must not be damaged; all that so begin when a name ends with "/" or "-".
  std::vector<const char*> files;
  /// The control: adds what it finds missing. May be null.
  void (*look)(const Course& course, Gaps& gaps);
  /// What the run's target must be able to do; nullopt: any can, by its serial lines alone.
  std::optional<record::Capability> rests_on = std::nullopt;
};
/// Why this run's target cannot meet the need: "the target cannot have its memory watched". By the
/// event `target`; a run without it was made on a target that can do all.
std::optional<std::string> out_of_reach(const evidence::Run& run, const Need& need);

/// Adds the gap when the mark is due and missing.
void want_mark(const Course& course, Gaps& gaps, const char* name, bool due);
/// nullptr when it is missing or has no function.
const evidence::PciSnapshot* snapshot_of(const Course& course, const std::string& name);
/// Adds the gap when the snapshot is due and there is none.
void want_snapshot(const Course& course, Gaps& gaps, const std::string& name, bool due);

/// Those of several rooms; what only one room's checks need is in its own needs.hpp.
namespace need {
extern const Need plan, timeline;  ///< of every check
extern const Need serial, agent, kmsg;
extern const Need strays, control, feeds, trace, ledgers;
}  // namespace need

/// Is the plan the one that was run? Else it says nothing of what applies.
Gaps doubts_of_plan(const evidence::Run& run);

/// Of the seal, of what every check needs, and of the check's own needs: findings of the codes
/// evidence.missing and evidence.damaged.
Findings gaps_of(const Course& course, const Check& check);

}  // namespace quiesce::checks
