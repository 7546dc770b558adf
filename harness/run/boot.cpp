// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/phases.hpp"

namespace quiesce::run {

namespace {

// A stock kernel takes 8 s from firmware to init under emulation on an idle machine (measured); a
// loaded one much more.
constexpr Seconds boot_patience{180};

}  // namespace

Result<void> boot(const GuestSide& guest, GuestControl& control) {
  TRY(control.resume());
  TRY(guest.waits.expect(
      "the production kernel's first line on the console",
      [&] { return guest.hearing.heard("kernel-start"); }, guest.waits.scaled(boot_patience)));
  guest.recorder.note("production kernel speaks");
  TRY(guest.waits.expect(
      "the agent of the production kernel",
      [&] { return guest.hearing.agent().hello("production") != nullptr; },
      guest.waits.scaled(boot_patience)));
  guest.recorder.note("agent is up");
  return {};
}

}  // namespace quiesce::run
