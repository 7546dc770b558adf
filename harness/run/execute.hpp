// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/session.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

/// Runs a plan and leaves everything it saw in `folder` (see docs/run-directory.md). Fails when the
/// harness, QEMU or the production kernel was at fault, with the phase in the message; what the
/// crash did wrong is evidence, not a failure. The evidence so far stays in any case. loop.stop()
/// (from a signal) ends it with Errc::interrupted.
Result<void> execute(const scenario::RunPlan& plan, const std::filesystem::path& folder, Loop& loop,
                     Observer observer);

}  // namespace quiesce::run
