// SPDX-License-Identifier: GPL-2.0-or-later
// What phases are handed: the side of the kernels that are spoken to, and the side of the machine
// that is looked at from outside. Nobody but wiring.hpp has both with all that hangs on them.
#pragma once

#include "harness/run/conversation.hpp"
#include "harness/run/guest_control.hpp"
#include "harness/run/hearing.hpp"
#include "harness/run/recorder.hpp"
#include "harness/run/stray_watch.hpp"
#include "harness/run/waits.hpp"

namespace quiesce::run {

/// The kernels in the machine, by their console and their agent.
struct GuestSide {
  Recorder& recorder;
  Hearing& hearing;
  Waits& waits;
  Conversation& agent;
};

/// The machine from outside.
struct MachineSide {
  Recorder& recorder;
  Waits& waits;
  GuestControl& control;
  StrayWatch& watch;
};

}  // namespace quiesce::run
