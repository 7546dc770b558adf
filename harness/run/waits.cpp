// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/waits.hpp"

#include <algorithm>

namespace quiesce::run {

namespace {

// What takes a minute under emulation takes seconds with KVM; the floor is for a busy host.
constexpr double kvm_factor = 0.25;

}  // namespace

Waits::Waits(Loop& loop, Recorder& recorder, Hearing& hearing, const scenario::Timeouts& timeouts,
             std::string accel)
    : loop_(loop),
      recorder_(recorder),
      hearing_(hearing),
      timeouts_(timeouts),
      accel_(std::move(accel)),
      total_deadline_(loop.now() + timeouts.total) {}

Seconds Waits::scaled(Seconds time) const {
  return accel_ == "kvm" ? std::max(time * kvm_factor, std::min(time, Seconds(10))) : time;
}

TimePoint Waits::soon() const {
  return loop_.now() + std::min(Seconds(20), scaled(timeouts_.progress));
}

Error Waits::explained(const Error& error) {
  if (error.code() != Errc::closed || target_ == nullptr || hearing_.guest_down()) return error;
  loop_.run_until([&] { return hearing_.target_exit().has_value(); }, loop_.now() + Seconds(2));
  const auto state = broken();
  return state ? error : state.error();
}

bool Waits::crashed_early() const {
  return recorder_.phase() == "arm" && target_ != nullptr && target_->at_breakpoint();
}

Result<void> Waits::broken() const {
  if (recorder_.failed()) return tl::unexpected(*recorder_.failed());
  if (const auto& exit = hearing_.target_exit())
    return fail(Errc::closed, "{} ended in the middle of the run with {}: {}",
                target_ == nullptr || target_->identity().kind == "qemu" ? "QEMU" : "the target",
                exit->describe(), target_ != nullptr ? target_->complaints() : "");
  if (crashed_early())
    return fail(Errc::unsupported, "the production kernel crashed before it was asked to");
  if (hearing_.agent().foreign_versions() > 0)
    return fail(
        Errc::protocol,
        "the agent in the guest speaks another version of the protocol; build the images anew "
        "with \"quiesce image clean\"");
  return {};
}

Result<Wait> Waits::wait(const std::function<bool()>& done, Seconds patience) {
  const TimePoint deadline = loop_.now() + patience;
  const Seconds longest = silence();
  for (;;) {
    TRY(broken());
    const TimePoint stall = hearing_.last_progress() + longest;
    const auto ready = [&] {
      return done() || hearing_.target_exit() || hearing_.guest_down() || recorder_.failed() ||
             crashed_early() || hearing_.agent().foreign_versions() > 0;
    };
    const Waited waited = loop_.run_until(ready, std::min({deadline, stall, total_deadline_}));
    if (waited == Waited::stopped) return fail(Errc::interrupted, "interrupted");
    if (done()) return Wait::done;
    TRY(broken());
    if (hearing_.guest_down()) return Wait::guest_down;
    const TimePoint now = loop_.now();
    if (now >= total_deadline_)
      return fail(Errc::timeout, "the run took longer than its {}; see timeouts.total or --timeout",
                  format_duration(timeouts_.total));
    if (now >= deadline) return Wait::deadline;
    if (now >= hearing_.last_progress() + longest && !still_) return Wait::stalled;
    if (still_) hearing_.forgive_silence();
  }
}

Result<void> Waits::expect(const std::string& what, const std::function<bool()>& done,
                           Seconds patience) {
  TRY_ASSIGN(const Wait waited, wait(done, patience));
  return require(waited, patience, what);
}

Result<void> Waits::require(Wait waited, Seconds patience, const std::string& what) const {
  switch (waited) {
    case Wait::done:
      return {};
    case Wait::deadline:
      return fail(Errc::timeout, "waited {} for {}", format_duration(patience), what);
    case Wait::stalled:
      return fail(Errc::timeout, "guest and QEMU said nothing for {} while waiting for {}",
                  format_duration(silence()), what);
    case Wait::guest_down:
      return fail(Errc::closed, "the guest went down ({}) while waiting for {}",
                  *hearing_.guest_down(), what);
  }
  return {};
}

Result<Wait> Waits::linger(Seconds time) {
  // Silence is what is wanted here.
  const TimePoint end = loop_.now() + time;
  while (loop_.now() < end) {
    hearing_.forgive_silence();
    TRY_ASSIGN(const Wait waited,
               wait([] { return false; }, std::min(end - loop_.now(), Seconds(1))));
    if (waited == Wait::guest_down) return waited;
  }
  return Wait::done;
}

}  // namespace quiesce::run
