// SPDX-License-Identifier: GPL-2.0-or-later
// The one way to wait in a run.
#pragma once

#include <functional>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/hearing.hpp"
#include "harness/run/recorder.hpp"
#include "harness/scenario/model.hpp"
#include "harness/target/target.hpp"

namespace quiesce::run {

/// How a wait ended that did not fail.
enum class Wait {
  done,
  deadline,    ///< the caller's patience ran out
  stalled,     ///< guest and target said nothing for the scenario's progress time
  guest_down,  ///< the guest reset, powered off or crashed; the machine is paused and can be looked
               ///< at
};

class Waits {
 public:
  /// `accel`: what durations of a scenario are scaled by.
  Waits(Loop& loop, Recorder& recorder, Hearing& hearing, const scenario::Timeouts& timeouts,
        std::string accel);
  Waits(const Waits&) = delete;
  Waits& operator=(const Waits&) = delete;

  /// Waits until `done`. Fails only when the run cannot go on: target gone, interrupted, disk full,
  /// total time used up.
  Result<Wait> wait(const std::function<bool()>& done, Seconds patience);
  /// As wait(), but anything else than done is a failure that names `what`.
  Result<void> expect(const std::string& what, const std::function<bool()>& done, Seconds patience);
  /// A wait for `what` that did not end as it should, as that failure.
  Result<void> require(Wait waited, Seconds patience, const std::string& what) const;
  /// Lets time pass: the feeder feeds, the watch watches.
  Result<Wait> linger(Seconds time);

  TimePoint now() const { return loop_.now(); }
  /// A duration of the scenario as it applies to the accelerator in use.
  Seconds scaled(Seconds time) const;
  /// How long guest and target may say nothing.
  Seconds silence() const { return scaled(timeouts_.progress); }
  /// Time by which short exchanges with the target are over; one that is silent for the scenario's
  /// progress time is as good as dead.
  TimePoint soon() const;

  /// Why the run cannot go on; nothing when it can.
  Result<void> broken() const;
  /// The target's end shows first as a closed connection of whatever is in use. Then what ended it
  /// is the error.
  Error explained(const Error& error);

  /// Whose exit and complaints are an error from here on.
  void watch_over(target::Target& target) { target_ = &target; }
  /// The machine stands still: its silence is meant.
  void stands_still(bool still) { still_ = still; }
  bool stands_still() const { return still_; }

 private:
  /// The breakpoint was hit while the kernel was still being armed: going on would run past the
  /// handover unseen.
  bool crashed_early() const;

  Loop& loop_;
  Recorder& recorder_;
  Hearing& hearing_;
  scenario::Timeouts timeouts_;
  std::string accel_;
  TimePoint total_deadline_;
  target::Target* target_ = nullptr;
  bool still_ = true;
};

}  // namespace quiesce::run
