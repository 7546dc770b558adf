// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/guest_control.hpp"

namespace quiesce::run {

Result<void> GuestControl::resume() {
  if (!paused()) return {};
  if (before_resume_) before_resume_();
  servers_.release(waits_.soon());
  TRY(target_.run());
  waits_.stands_still(false);
  hearing_.forgive_silence();
  feeder_.resume();
  return {};
}

Result<void> GuestControl::pause() {
  if (!can(target::Capability::stop)) return waits_.broken();
  feeder_.pause();
  if (paused()) return {};
  TRY(target_.halt(waits_.soon()));
  // Every stop is reported; one that is not awaited would be taken for the breakpoint later.
  TRY(waits_.expect(
      "the machine to stop", [&] { return target_.halted(); }, Seconds(10)));
  waits_.stands_still(true);
  // They live outside: nobody stops them but us.
  servers_.hold(waits_.soon());
  return waits_.broken();
}

void GuestControl::stopped_at_breakpoint() {
  feeder_.pause();
  servers_.hold(waits_.soon());
  waits_.stands_still(true);
}

void GuestControl::next_kernel() {
  hearing_.next_kernel();
  servers_.kernel("capture");
}

Result<Stopped> Stopped::begin(GuestControl& control) {
  const bool was_running = !control.paused() && control.can(target::Capability::stop);
  if (was_running) TRY(control.pause());
  return Stopped(control, was_running);
}

}  // namespace quiesce::run
