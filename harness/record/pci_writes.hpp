// SPDX-License-Identifier: GPL-2.0-or-later
// What a sequence of configuration writes did to the devices.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/record/trace_line.hpp"

namespace quiesce::record {

enum class PciAction {
  bus_master_on,
  bus_master_off,
  msi_on,
  msi_off,
  msix_on,
  msix_off,
  flr,              ///< Initiate Function Level Reset (PCIe 7.5.3.4 bit 15), or the AF capability's
  bus_reset_begin,  ///< Secondary Bus Reset of a bridge (Bridge Control bit 6) set
  bus_reset_end,    ///< and cleared
  power_d0,
  power_d1,
  power_d2,
  power_d3hot,
};
/// "bus-master-on", "flr", "power-d3hot".
const char* to_string(PciAction action);

/// A configuration write and when it was seen, on whichever clock.
struct TimedPciWrite {
  double t = 0;
  PciCfgWrite write;
};

struct PciActionSeen {
  double t = 0;
  PciAction action{};
  PciAddress address;
  std::string device;  ///< QEMU's type name
};

/// The actions in the order of the writes. `before` is the configuration of each function before
/// the first write: where its capabilities are and what was on. A function that is missing there is
/// taken to be as after a reset, and only its Command register is understood. Writes that change
/// nothing give no action, but every FLR does. An FLR or a bus reset turns everything off without a
/// write of its own; no action is given for that.
std::vector<PciActionSeen> classify_pci_writes(const std::vector<TimedPciWrite>& writes,
                                               const std::map<PciAddress, PciConfig>& before);

}  // namespace quiesce::record
