// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/execute.hpp"

#include <chrono>
#include <ctime>

#include "harness/base/digest.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"
#include "harness/run/wiring.hpp"
#include "harness/scenario/console_level.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::run {

namespace {

double seconds_since_epoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The clock of the ledgers of devices; std::chrono::steady_clock is CLOCK_MONOTONIC on Linux.
double monotonic_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// The recipe is booted and armed, and only then the case begins.
Result<void> phases(Wiring& run, const scenario::Case& one, Loop& loop,
                    const vm::MakeTarget& make_target) {
  run.recorder().phase("boot");
  TRY(run.launch(make_target));
  TRY(boot(run.guest(), run.control()));
  TRY_ASSIGN(const ArmedFacts facts, arm(run.recipe(), run.guest(), run.machine()));
  const Drive drive = run.drive();
  TRY(make_busy(one, facts, run.guest(), run.machine(), drive));
  Cpus cpus(run.control(), run.guest().hearing, run.waits(), run.recorder(), facts);
  TRY_ASSIGN(const Panicked panicked, panic(one.panic, run.guest(), run.control(), cpus));
  if (panicked.reached) {
    TRY(handover(one, facts, run.machine(), cpus));
    const auto line = vm::capture_command_line(scenario::bare_plan(run.recipe()));
    const bool quiet = scenario::console_level_of(line) <= record::warning_level;
    TRY(capture(one, quiet, facts, loop, run.guest(), run.machine(), drive, cpus));
  }
  TRY(collect(run.guest(), run.watch()));
  run.shut_down();
  return {};
}

/// The error that ended the run; none when it went through all its phases.
std::optional<Error> go_through(const scenario::RunPlan& plan, RunDir& dir, Loop& loop,
                                Observer observer, const vm::MakeTarget& make_target) {
  const scenario::Case one = scenario::case_of(plan);
  Wiring run(loop, dir, scenario::recipe_of(plan), {.timeouts = one.timeouts, .seed = one.seed},
             std::move(observer));
  auto done = phases(run, one, loop, make_target);
  if (done && dir.failed()) done = tl::unexpected(*dir.failed());
  if (done) return std::nullopt;
  loop.resume();
  const Error cause = run.waits().explained(done.error());
  run.shut_down();
  dir.event(record::event::Failure{.phase = run.recorder().phase(),
                                   .code = std::string(to_string(cause.code())),
                                   .message = cause.describe()});
  return cause.because("phase " + run.recorder().phase());
}

const char* reason_of(const std::optional<Error>& error) {
  if (!error) return "finished";
  return error->code() == Errc::interrupted ? "interrupted" : "error";
}

}  // namespace

Result<void> execute(const scenario::RunPlan& plan, const std::filesystem::path& folder, Loop& loop,
                     Observer observer, const Asked& asked, const vm::MakeTarget& make_target) {
  TRY_ASSIGN(RunDir dir, RunDir::create(folder, loop.clock()));
  nlohmann::json written = scenario::to_json(plan);
  written.update(record::as_json(record::PlanHead{record::format}));
  const std::string text =
      written.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  dir.write(record::file::plan, text);
  record::event::RunStart start{.realtime = seconds_since_epoch(),
                                .monotonic = monotonic_seconds() - dir.now(),
                                .format = record::format,
                                .plan = sha256(text),
                                .version = QUIESCE_VERSION};
  if (!asked.command.empty()) {
    start.command = asked.command;
    start.directory = asked.directory;
  }
  dir.event(start);
  // The wiring is gone before the run is closed: nobody writes into its files any more.
  const auto error = go_through(plan, dir, loop, std::move(observer), make_target);
  dir.event(record::event::RunEnd{.reason = reason_of(error), .files = dir.lengths()});
  auto sealed = dir.seal();
  if (error) return tl::unexpected(*error);
  if (dir.failed()) return tl::unexpected(*dir.failed());
  return sealed;
}

}  // namespace quiesce::run
