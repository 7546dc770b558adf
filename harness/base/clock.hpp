// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <chrono>

namespace quiesce {

using Seconds = std::chrono::duration<double>;
/// Monotonic time.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Seconds>;

/// The one source of time of a run; tests put one in its place that jumps.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  /// Called when there is nothing to do until `until`. The real clock does nothing (its caller
  /// waits on descriptors); a test's clock jumps there.
  virtual void idle_until(TimePoint until) = 0;
  /// Whether idle time passes by itself, so that a caller must wait for it.
  virtual bool is_real() const = 0;
};

/// CLOCK_MONOTONIC.
Clock& system_clock();

/// A clock for tests that stands still until someone has nothing else to do.
class FakeClock final : public Clock {
 public:
  TimePoint now() const override { return now_; }
  void idle_until(TimePoint until) override {
    if (until > now_) now_ = until;
  }
  bool is_real() const override { return false; }

 private:
  TimePoint now_{};
};

}  // namespace quiesce
