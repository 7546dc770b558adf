// SPDX-License-Identifier: GPL-2.0-or-later
// What the checks of this room need, beside the needs of several rooms.
#pragma once

#include "harness/checks/needs.hpp"

namespace quiesce::checks::need {

extern const Need watch, closing, pci_handover;

}  // namespace quiesce::checks::need
