// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/phases.hpp"
#include "harness/run/silence.hpp"

namespace quiesce::run {

namespace {

// A stock kernel takes 8 s from firmware to init under emulation on an idle machine (measured); a
// loaded one much more.
constexpr Seconds boot_patience{180};

}  // namespace

Result<void> boot(const GuestSide& guest, GuestControl& control) {
  TRY(control.resume());
  const auto hello = [&] { return guest.hearing.agent().hello("production") != nullptr; };
  const auto spoke = [&] { return guest.hearing.heard("kernel-start"); };
  const Seconds patience = guest.waits.scaled(boot_patience);
  TRY_ASSIGN(const Wait first, wait_through_silence(
                                   guest, control, [&] { return spoke() || hello(); }, patience));
  if (first == Wait::done && spoke()) guest.recorder.note("production kernel speaks");
  TRY_ASSIGN(const Wait waited,
             first == Wait::done ? wait_through_silence(guest, control, hello, patience) : first);
  TRY(guest.waits.require(waited, patience,
                          spoke() ? "the agent of the production kernel"
                                  : "the production kernel's first line on the console or its "
                                    "agent"));
  guest.recorder.note("agent is up");
  return {};
}

}  // namespace quiesce::run
