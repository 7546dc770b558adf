// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/recorder.hpp"
#include "harness/scenario/plan.hpp"
#include "harness/vm/qemu_target.hpp"

namespace quiesce::run {

/// What asked for the run, to be kept with its evidence: the run.start event has it.
struct Asked {
  std::vector<std::string> command = {};  ///< repeats this one run
  std::string directory = {};             ///< that its relative paths start from
};

/// Runs a plan and leaves everything it saw in `folder` (see docs/run-directory.md). Fails when the
/// harness, QEMU or the production kernel was at fault, with the phase in the message; what the
/// crash did wrong is evidence, not a failure. The evidence so far stays in any case. loop.stop()
/// (from a signal) ends it with Errc::interrupted. `make_target` starts the machine: QEMU, unless
/// it is another; what that cannot do is noted and left out.
Result<void> execute(const scenario::RunPlan& plan, const std::filesystem::path& folder, Loop& loop,
                     Observer observer, const Asked& asked = {},
                     const vm::MakeTarget& make_target = vm::start_qemu);

}  // namespace quiesce::run
