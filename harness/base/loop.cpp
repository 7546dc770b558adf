// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/loop.hpp"

#include <algorithm>
#include <utility>
#include <vector>

// Boost 1.74's Asio forgets <utility>: it is above.
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace quiesce {

namespace asio = boost::asio;

struct Loop::Watch::State {
  bool ended = false;
  std::function<void()> callback;
  // A descriptor's watch.
  std::unique_ptr<asio::posix::stream_descriptor> descriptor;
  // A timer's.
  Seconds period{};
  TimePoint due{};

  void end() {
    ended = true;
    // The descriptor belongs to the caller: it is let go of, not closed.
    if (descriptor) descriptor->release();
    descriptor.reset();
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

struct Loop::Impl {
  asio::io_context io{1};
  std::vector<std::shared_ptr<Watch::State>> timers;
  bool stopped = false;

  static void wait(const std::shared_ptr<Watch::State>& state) {
    if (state->ended) return;
    state->descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                                  [state](const boost::system::error_code& error) {
                                    if (error || state->ended) return;
                                    state->callback();
                                    wait(state);
                                  });
  }

  /// The first timer that is due at `now`, or null.
  std::shared_ptr<Watch::State> due(TimePoint now) {
    std::erase_if(timers, [](const auto& timer) { return timer->ended; });
    for (const auto& timer : timers)
      if (timer->due <= now) return timer;
    return nullptr;
  }

  TimePoint next_due(TimePoint deadline) const {
    for (const auto& timer : timers)
      if (!timer->ended) deadline = std::min(deadline, timer->due);
    return deadline;
  }
};

Loop::Loop(Clock& clock) : clock_(clock), impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

Loop::Watch Loop::on_readable(int fd, std::function<void()> callback) {
  auto state = std::make_shared<Watch::State>();
  state->callback = std::move(callback);
  state->descriptor = std::make_unique<asio::posix::stream_descriptor>(impl_->io, fd);
  Impl::wait(state);
  return Watch(std::move(state));
}

Loop::Watch Loop::every(Seconds period, std::function<void()> callback) {
  auto state = std::make_shared<Watch::State>();
  state->callback = std::move(callback);
  state->period = period;
  state->due = now() + period;
  impl_->timers.push_back(state);
  return Watch(std::move(state));
}

Waited Loop::run_until(const std::function<bool()>& done, TimePoint deadline) {
  for (;;) {
    if (impl_->stopped) return Waited::stopped;
    if (done()) return Waited::done;
    if (const auto timer = impl_->due(now())) {
      timer->due = now() + timer->period;
      timer->callback();
      continue;
    }
    impl_->io.restart();
    if (impl_->io.poll_one() > 0) continue;
    if (now() >= deadline) return Waited::deadline;
    const TimePoint until = impl_->next_due(deadline);
    if (!clock_.is_real()) {
      clock_.idle_until(until);
      continue;
    }
    impl_->io.restart();
    impl_->io.run_one_for(std::chrono::duration_cast<std::chrono::microseconds>(until - now()) +
                          std::chrono::microseconds(1));
    // With no descriptor at all run_one_for returns at once: it has no work.
    if (impl_->io.stopped()) clock_.idle_until(until);
  }
}

void Loop::stop() {
  impl_->stopped = true;
}
void Loop::resume() {
  impl_->stopped = false;
}

}  // namespace quiesce
