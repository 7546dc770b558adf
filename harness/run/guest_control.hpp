// SPDX-License-Identifier: GPL-2.0-or-later
// The machine as something that is let run and brought to a stand, with all that moves beside it:
// the feeder, the devices' servers, the watch.
#pragma once

#include <functional>

#include "harness/base/result.hpp"
#include "harness/run/feeder.hpp"
#include "harness/run/servers.hpp"
#include "harness/run/waits.hpp"
#include "harness/target/architecture.hpp"
#include "harness/target/target.hpp"

namespace quiesce::run {

class GuestControl {
 public:
  /// All must outlive it. The machine stands still at first.
  GuestControl(target::Target& target, const target::Architecture& architecture, Feeder& feeder,
               DeviceServers& servers, Waits& waits, Hearing& hearing)
      : target_(target),
        architecture_(architecture),
        feeder_(feeder),
        servers_(servers),
        waits_(waits),
        hearing_(hearing) {}
  GuestControl(const GuestControl&) = delete;
  GuestControl& operator=(const GuestControl&) = delete;

  target::Target& target() { return target_; }
  bool can(target::Capability capability) const { return target_.can(capability); }
  const target::Architecture& architecture() const { return architecture_; }

  /// Lets the machine run (for the first time, or after pause()).
  Result<void> resume();
  /// Stops it; the feeder holds its breath meanwhile. One that cannot stop runs on.
  Result<void> pause();
  /// The breakpoint stopped the machine: from here on it is paused, as after pause().
  void stopped_at_breakpoint();
  bool paused() const { return waits_.stands_still(); }
  /// From here on it is the capture kernel that is heard, and that the servers are told of.
  void next_kernel();

  /// Called whenever the machine is about to run again.
  void before_resume(std::function<void()> callback) { before_resume_ = std::move(callback); }

 private:
  target::Target& target_;
  const target::Architecture& architecture_;
  Feeder& feeder_;
  DeviceServers& servers_;
  Waits& waits_;
  Hearing& hearing_;
  std::function<void()> before_resume_;
};

/// Stops the machine when it was running; end() lets it run again. After a failure in between it
/// stays stopped: the run ends then.
class Stopped {
 public:
  static Result<Stopped> begin(GuestControl& control);
  Result<void> end() { return was_running_ ? control_.resume() : Result<void>(); }

 private:
  Stopped(GuestControl& control, bool was_running) : control_(control), was_running_(was_running) {}
  GuestControl& control_;
  bool was_running_;
};

}  // namespace quiesce::run
