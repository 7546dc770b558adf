// SPDX-License-Identifier: GPL-2.0-or-later
// One run from its job to its verdict.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/dispatch/jobs.hpp"
#include "harness/dispatch/judging.hpp"
#include "harness/run/execute.hpp"

namespace quiesce::dispatch {

/// What all runs of a call are made with.
struct Means {
  Places places;
  std::vector<scenario::Profile> profiles;
  std::string qemu;               ///< as in Request
  std::filesystem::path program;  ///< the quiesce that serves the models
};

/// Images, run, verdict; what it does now goes to `observer`, as the phases "images", those of the
/// run, and "judge". A run that harness or QEMU failed is judged, too: only what left no evidence
/// is an error. Ctrl-C and SIGTERM end the guest and not the program; before it there is one, that
/// is an error, too (`interrupted`).
Result<Judged> single_run(const Job& job, const std::filesystem::path& folder, const Means& means,
                          const run::Asked& asked, Loop& loop, const run::Observer& observer);

/// The path of this program.
std::filesystem::path own_program();

}  // namespace quiesce::dispatch
