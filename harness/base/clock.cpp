// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/clock.hpp"

namespace quiesce {

namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(std::chrono::steady_clock::now()); }
  void idle_until(TimePoint) override {}
  bool is_real() const override { return true; }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace quiesce
