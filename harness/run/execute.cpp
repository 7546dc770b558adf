// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/execute.hpp"

#include <chrono>
#include <ctime>

#include "harness/base/digest.hpp"
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

/// The error that ended the run; none when it went through all its phases.
std::optional<Error> go_through(const scenario::RunPlan& plan, RunDir& dir, Loop& loop,
                                Observer observer) {
  Session session(loop, dir, plan, std::move(observer));
  auto done = phases(session);
  if (done) return std::nullopt;
  loop.resume();
  const Error cause = session.explained(done.error());
  if (session.watch) session.watch->stop_passes();
  session.shut_down();
  dir.event(record::event::Failure{.phase = session.current_phase,
                                   .code = std::string(to_string(cause.code())),
                                   .message = cause.describe()});
  return cause.because("phase " + session.current_phase);
}

const char* reason_of(const std::optional<Error>& error) {
  if (!error) return "finished";
  return error->code() == Errc::interrupted ? "interrupted" : "error";
}

}  // namespace

Result<void> execute(const scenario::RunPlan& plan, const std::filesystem::path& folder, Loop& loop,
                     Observer observer, const Asked& asked) {
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
  // The session is gone before the run is closed: nobody writes into its files any more.
  const auto error = go_through(plan, dir, loop, std::move(observer));
  dir.event(record::event::RunEnd{.reason = reason_of(error), .files = dir.lengths()});
  const auto sealed = dir.seal();
  if (error) return tl::unexpected(*error);
  if (dir.failed()) return tl::unexpected(*dir.failed());
  return sealed;
}

}  // namespace quiesce::run
