// SPDX-License-Identifier: GPL-2.0-or-later
// What the capture kernel's drivers waited for: modules are loaded one after the other, so a driver
// that is slow makes all later ones late.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/checks/support.hpp"

namespace quiesce::checks {

/// When the capture kernel was asked to load its drivers, on the timeline; nullopt: it never was.
std::optional<double> asked_at(const evidence::Run& run);

/// The load of one module, in seconds after that request.
struct Load {
  std::string module;
  double from = 0;
  double until = 0;
};
/// In their order, those that failed too; empty when nobody was asked or nothing was told.
std::vector<Load> loads(const evidence::Run& run);

/// Where a driver's own time begins.
struct Begin {
  double at = 0;                ///< seconds after the request to load all modules
  std::string what;             ///< "the load of e1000e began", "net0 was bound"
  std::optional<Load> longest;  ///< of the loads before, the one that took longest
};
/// A device that was bound to its driver, so many seconds after that request.
struct BoundAt {
  std::string device;
  std::string driver;
  double seconds = 0;
};
/// The load of the module that is called as the driver, else of the first one of the device's, or,
/// later than that, the binding of another device to the same driver: a driver probes its devices
/// one after the other. `seconds`: when this one was bound. nullopt: none of its modules was loaded
/// before, as of a driver that is built in.
std::optional<Begin> begin_of(const std::vector<Load>& loads, const std::vector<BoundAt>& bound,
                              const scenario::PlannedDevice& device, double seconds);

}  // namespace quiesce::checks
