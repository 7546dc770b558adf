// SPDX-License-Identifier: GPL-2.0-or-later
// What the devices of the plan were busy with, and how their writes can be seen.
#pragma once

#include <cstdint>
#include <string>

#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// A device that is judged by itself: it was busy, and its writes carry tags or it kept a ledger.
bool is_witness(const evidence::Run& run, const scenario::PlannedDevice& device);

/// A console is drawn by the CPU: its device does no DMA that could go astray.
bool does_dma(const scenario::PlannedDevice& device);

/// A device that only writes when it is fed frames.
bool is_net(const scenario::PlannedDevice& device);

/// Frames that it was fed in (after, until].
std::uint64_t fed_between(const evidence::Run& run, const std::string& device, double after,
                          double until);

}  // namespace quiesce::checks
