// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/single_run.hpp"

#include "harness/dispatch/interrupts.hpp"
#include "harness/dispatch/resolve.hpp"
#include "harness/dispatch/run_folder.hpp"
#include "harness/dispatch/stored_plan.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;

namespace {

Result<scenario::RunPlan> plan_of(const Job& job, const Means& means,
                                  const run::Observer& observer) {
  if (job.stored) return ready(*job.stored, means.program);
  return resolve(job.scenario, means.places,
                 {.qemu = means.qemu,
                  .program = means.program,
                  .profiles = means.profiles,
                  .on_step = observer.on_note});
}

}  // namespace

fs::path own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

Result<Judged> single_run(const Job& job, const fs::path& folder, const Means& means,
                          const run::Asked& asked, Loop& loop, const run::Observer& observer) {
  const auto phase = [&](const char* name) {
    if (observer.on_phase) observer.on_phase(name);
  };
  TRY(check_folder(folder));
  phase("images");
  TRY_ASSIGN(Interrupts interrupts, Interrupts::watch(loop));
  const auto plan = plan_of(job, means, observer);
  // Nothing was started yet, so there is no run to be judged.
  TRY(interrupts.check());
  if (!plan) return tl::unexpected(plan.error());
  const auto executed = run::execute(*plan, folder, loop, observer, asked);
  // A folder that was refused holds no run: there is nothing to judge.
  if (!executed && executed.error().code() == Errc::invalid_input)
    return tl::unexpected(executed.error());
  phase("judge");
  auto judged = judge_fresh(folder);
  // A run that failed for want of space cannot be judged on disk either: its own error tells more.
  if (!judged) return tl::unexpected(executed ? judged.error() : executed.error());
  return judged;
}

}  // namespace quiesce::dispatch
