// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/execute.hpp"

#include <chrono>
#include <ctime>

#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"
#include "harness/run/phases.hpp"

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

Result<void> phases(Session& session) {
  TRY(boot(session));
  TRY(arm(session));
  TRY_ASSIGN(const Panicked panicked, panic(session));
  if (panicked.reached) {
    TRY(handover(session));
    TRY(capture(session));
  }
  return collect(session);
}

}  // namespace

Result<void> execute(const scenario::RunPlan& plan, const std::filesystem::path& folder, Loop& loop,
                     Observer observer, const Asked& asked) {
  TRY_ASSIGN(RunDir dir, RunDir::create(folder, loop.clock()));
  nlohmann::json written = scenario::to_json(plan);
  written.update(record::as_json(record::PlanHead{record::format}));
  dir.write(record::file::plan,
            written.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  record::event::RunStart start{.realtime = seconds_since_epoch(),
                                .monotonic = monotonic_seconds() - dir.now(),
                                .format = record::format,
                                .version = QUIESCE_VERSION};
  if (!asked.command.empty()) {
    start.command = asked.command;
    start.directory = asked.directory;
  }
  dir.event(start);

  Session session(loop, dir, plan, std::move(observer));
  auto done = phases(session);
  if (!done) {
    loop.resume();
    const Error cause = session.explained(done.error());
    const Error error = cause.because("phase " + session.current_phase);
    if (session.watch) session.watch->stop_passes();
    session.shut_down();
    dir.event(record::event::Failure{.phase = session.current_phase,
                                     .code = std::string(to_string(error.code())),
                                     .message = cause.describe()});
    dir.event(record::event::RunEnd{error.code() == Errc::interrupted ? "interrupted" : "error"});
    return tl::unexpected(error);
  }
  dir.event(record::event::RunEnd{"finished"});
  return {};
}

}  // namespace quiesce::run
