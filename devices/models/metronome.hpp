// SPDX-License-Identifier: GPL-2.0-or-later
// A device's timer: it stands still while the machine does.
#pragma once

#include <functional>

#include "harness/base/loop.hpp"

namespace quiesce::models {

/// Time in which it is held does not pass for it: what was due in 3 s when it was held is due 3 s
/// after it is let go. What comes late is not made up for.
class Metronome {
 public:
  Metronome() = default;
  Metronome(const Metronome&) = delete;
  Metronome& operator=(const Metronome&) = delete;

  /// Calls `tick` after each `period`. The tick may stop it or start it anew.
  void start(Loop& loop, Seconds period, std::function<void()> tick);
  void stop();
  /// Holds it, whether it goes now or is started later.
  void hold(bool held);

 private:
  void arm();
  void fire();

  Loop* loop_ = nullptr;
  bool going_ = false;
  bool held_ = false;
  Seconds period_{};
  Seconds left_{};  ///< until the next tick, as of `since_`
  TimePoint since_{};
  std::function<void()> tick_;
  Loop::Watch watch_;
};

}  // namespace quiesce::models
