// SPDX-License-Identifier: GPL-2.0-or-later
// Why a device's writes into the dead kernel's memory ended.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/checks/support.hpp"
#include "harness/evidence/pci_write.hpp"

namespace quiesce::checks {

/// Something that ends a device's DMA, or only seems to.
struct Ending {
  enum class Cause {
    driver_reset,          ///< the driver reset the device (the profile's trace meaning)
    device_stopped,        ///< the device was told to stop (the profile's trace meaning)
    bus_master_cleared,    ///< Command bit 2 written 0
    function_level_reset,  ///< Initiate FLR written
    bus_reset,             ///< Secondary Bus Reset of a bridge above
    d3hot,                 ///< put to D3hot
    taken_over,            ///< what it was fed lies in the capture kernel's memory
    ring_used_up,          ///< no receive buffers left: it would go on if it were given some
  };
  Cause cause = Cause::ring_used_up;
  double t = 0;
  /// Everything but a ring that is used up stops the device.
  bool stops() const { return cause != Cause::ring_used_up; }
};
/// "its driver reset it", "its receive ring was used up".
const char* to_string(Ending::Cause cause);
/// "driver-reset", "ring-used-up": for programs.
const char* word(Ending::Cause cause);

/// Every cause: its word, and what a sentence says of it.
std::vector<std::pair<const char*, const char*>> ending_words();

/// All endings of the device after the handover, by time. Of two devices of one profile, trace
/// events that carry no device belong to both.
std::vector<Ending> endings(const evidence::Run& run, const scenario::PlannedDevice& device,
                            double handover);

/// Configuration writes in [from, until] that end the device's DMA, the gating experiment's
/// included.
std::vector<Ending> endings_by_config(const evidence::Run& run,
                                      const scenario::PlannedDevice& device, double from,
                                      double until);

}  // namespace quiesce::checks
