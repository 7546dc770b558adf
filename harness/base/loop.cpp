// SPDX-License-Identifier: GPL-2.0-or-later
// poll(2), not a reactor: a run has a dozen descriptors, may watch one of them twice, and wants no
// exceptions.
#include "harness/base/loop.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <utility>
#include <vector>

namespace quiesce {

struct Loop::Watch::State {
  std::function<void()> callback;
  int fd = -1;           ///< a descriptor's watch, else -1
  Seconds period{};      ///< a timer's; of a descriptor's watch, the lull after a call
  TimePoint due{};       ///< of a descriptor's watch, when it is looked at again
  bool running = false;  ///< inside its callback, which a nested run_until must not enter again
  bool ended = false;

  /// The callback's captures go at once, unless they are in use further up the stack.
  void end() {
    ended = true;
    if (!running) callback = nullptr;
  }

  void call() {
    running = true;
    callback();
    running = false;
    if (ended) callback = nullptr;
  }
};

Loop::Watch::Watch() = default;
Loop::Watch::Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
Loop::Watch::Watch(Watch&&) noexcept = default;

Loop::Watch& Loop::Watch::operator=(Watch&& other) noexcept {
  if (this != &other) {
    if (state_) state_->end();
    state_ = std::move(other.state_);
  }
  return *this;
}

Loop::Watch::~Watch() {
  if (state_) state_->end();
}

namespace {

bool readable(int fd) {
  pollfd one{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 0) > 0;
}

/// At most an hour at once: a deadline may be as far away as a TimePoint can say.
timespec as_timespec(Seconds time) {
  const double seconds = std::clamp(time.count(), 0.0, 3600.0);
  const auto whole = static_cast<time_t>(seconds);
  return {.tv_sec = whole,
          .tv_nsec = std::min(999'999'999L,
                              1 + static_cast<long>((seconds - static_cast<double>(whole)) * 1e9))};
}

}  // namespace

struct Loop::Impl {
  using Shared = std::shared_ptr<Watch::State>;
  std::vector<Shared> watches;
  bool stopped = false;

  static bool is_timer(const Shared& watch) { return watch->fd < 0; }
  static bool idle(const Shared& watch) { return !watch->ended && !watch->running; }

  static bool listens(const Shared& watch, TimePoint now) {
    return idle(watch) && !is_timer(watch) && watch->due <= now;
  }

  std::vector<pollfd> descriptors(TimePoint now) const {
    std::vector<pollfd> list;
    for (const auto& watch : watches)
      if (listens(watch, now)) list.push_back({.fd = watch->fd, .events = POLLIN, .revents = 0});
    return list;
  }

  /// Everything that can be called now: timers that are due, then readable descriptors.
  std::vector<Shared> ready(TimePoint now) {
    std::erase_if(watches, [](const Shared& watch) { return watch->ended; });
    std::vector<Shared> list;
    for (const auto& watch : watches)
      if (idle(watch) && is_timer(watch) && watch->due <= now) list.push_back(watch);
    auto polled = descriptors(now);
    if (polled.empty() || ::poll(polled.data(), polled.size(), 0) <= 0) return list;
    auto result = polled.begin();
    for (const auto& watch : watches) {
      if (!listens(watch, now)) continue;
      if ((result++)->revents != 0) list.push_back(watch);
    }
    return list;
  }

  TimePoint next_due(TimePoint now, TimePoint deadline) const {
    for (const auto& watch : watches)
      if (idle(watch) && (is_timer(watch) || watch->due > now))
        deadline = std::min(deadline, watch->due);
    return deadline;
  }

  /// Until a descriptor is readable or `time` has passed; a signal may end it early.
  void sleep(TimePoint now, Seconds time) const {
    auto polled = descriptors(now);
    const timespec limit = as_timespec(time);
    ::ppoll(polled.data(), polled.size(), &limit, nullptr);
  }
};

Loop::Loop(Clock& clock) : clock_(clock), impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Loop::Watch Loop::on_readable(int fd, std::function<void()> callback, Seconds lull) {
  auto state = std::make_shared<Watch::State>();
  state->callback = std::move(callback);
  state->fd = fd;
  state->period = lull;
  impl_->watches.push_back(state);
  return Watch(std::move(state));
}

Loop::Watch Loop::every(Seconds period, std::function<void()> callback) {
  auto state = std::make_shared<Watch::State>();
  state->callback = std::move(callback);
  state->period = period;
  state->due = now() + period;
  impl_->watches.push_back(state);
  return Watch(std::move(state));
}

Waited Loop::run_until(const std::function<bool()>& done, TimePoint deadline) {
  const auto over = [&]() -> std::optional<Waited> {
    if (impl_->stopped) return Waited::stopped;
    if (done()) return Waited::done;
    return std::nullopt;
  };
  if (const auto waited = over()) return *waited;
  for (;;) {
    // Whatever is ready gets one turn a round, so that none of it starves another or the deadline.
    const auto ready = impl_->ready(now());
    for (const auto& watch : ready) {
      // An earlier callback of this round may have ended it, or read all there was.
      if (!Impl::idle(watch) || (!Impl::is_timer(watch) && !readable(watch->fd))) continue;
      watch->due = now() + watch->period;
      watch->call();
      if (const auto waited = over()) return *waited;
    }
    if (now() >= deadline) return Waited::deadline;
    if (!ready.empty()) continue;
    const TimePoint until = impl_->next_due(now(), deadline);
    if (clock_.is_real())
      impl_->sleep(now(), until - now());
    else
      clock_.idle_until(until);
    // A condition may change without a callback, by a signal's handler or by the time.
    if (const auto waited = over()) return *waited;
  }
}

void Loop::stop() {
  impl_->stopped = true;
}
void Loop::resume() {
  impl_->stopped = false;
}

}  // namespace quiesce
