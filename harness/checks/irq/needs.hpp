// SPDX-License-Identifier: GPL-2.0-or-later
// What the checks of this room need, beside the needs of several rooms.
#pragma once

#include "harness/checks/needs.hpp"

namespace quiesce::checks::need {

extern const Need interrupts;
/// Only where the kernel's own clock cannot say how often a vector came (samples.hpp).
extern const Need deliveries;

}  // namespace quiesce::checks::need
