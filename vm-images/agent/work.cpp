// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/work.hpp"

#include <algorithm>

namespace quiesce::agent {

Result<Subject> read_subject(const Request& request) {
  Subject subject;
  TRY_ASSIGN(subject.device, request.text(&ask::ForDevice::device));
  TRY_ASSIGN(subject.address, request.address(&ask::ForDevice::address));
  TRY_ASSIGN(subject.kind, request.text(&ask::ForDevice::work));
  TRY_ASSIGN(const std::uint64_t seed, request.whole(&ask::ForDevice::seed, 1, 0, 0xffffffff));
  TRY_ASSIGN(double patience, request.number(&ask::ForDevice::patience, 60, 0, 3600));
  if (request.has(&record::RequestHead::within)) {
    // What the wait for the node ends with must still be told in time, and the work itself done.
    constexpr double to_tell = 2;
    TRY_ASSIGN(const double within, request.number(&record::RequestHead::within, 0, 0, 86400));
    TRY_ASSIGN(const double work, request.number("seconds", 0, 0, 86400));
    patience = std::clamp(within - work - to_tell, 0.0, patience);
  }
  subject.seed = static_cast<std::uint32_t>(seed);
  subject.patience = Seconds(patience);
  return subject;
}

void Progress::say(const std::string& text) {
  const std::lock_guard lock(mutex_);
  message_ = text;
}

std::string Progress::message() const {
  const std::lock_guard lock(mutex_);
  return message_;
}

Pace::Pace(double per_second)
    : period_(per_second > 0 ? 1 / per_second : 0), due_(system_clock().now()) {}

bool Pace::next(const std::stop_token& stop) {
  const TimePoint now = system_clock().now();
  due_ = std::max(due_ + period_, now);
  std::unique_lock lock(mutex_);
  if (due_ > now) wake_.wait_for(lock, stop, due_ - now, [] { return false; });
  return !stop.stop_requested();
}

Result<Json> run_test(const Request& request) {
  TRY_ASSIGN(const Subject subject, read_subject(request));
  const RunTest test = find_test(subject.kind);
  if (test == nullptr) return fail(Errc::invalid_input, "there is no test {}", subject.kind);
  TRY_ASSIGN(Outcome outcome, test(subject, request));
  answer::Test told{.ok = outcome.ok(), .detail = outcome.detail, .numbers = outcome.numbers};
  if (outcome.why) told.why = to_string(*outcome.why);
  return record::as_json(told);
}

}  // namespace quiesce::agent
