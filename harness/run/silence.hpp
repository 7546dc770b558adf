// SPDX-License-Identifier: GPL-2.0-or-later
// A console that says nothing is no sign of death: kernels are told to be quiet.
#pragma once

#include <functional>

#include "harness/run/guest_control.hpp"
#include "harness/run/sides.hpp"

namespace quiesce::run {

/// Whether any CPU stands elsewhere a second later: neither idle all the time nor in a loop of one
/// instruction. False as well when the target cannot show its registers.
Result<bool> cpus_get_on(GuestControl& control, Waits& waits);

/// As Waits::wait(), but silence ends it only when no CPU gets on.
Result<Wait> wait_through_silence(const GuestSide& guest, GuestControl& control,
                                  const std::function<bool()>& done, Seconds patience);

}  // namespace quiesce::run
