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

/// The load of one module, by the guest's own clock: how long requests and answers were under way
/// is no part of it.
struct Load {
  std::string module;
  double from = 0;
  double until = 0;
  double told = 0;  ///< on the timeline, when its end was told
  double seconds() const { return until - from; }
};
/// In their order, those that failed too; without those whose time was not told.
std::vector<Load> loads(const evidence::Run& run);

/// Where a driver's own time begins.
struct Begin {
  Load own;                     ///< of the module that brought the driver
  std::optional<Load> longest;  ///< of the loads before, the one that took longest
};
/// By the load of the module that is called as the driver, else of the first one of the device's.
/// `bound`: by the guest's clock. nullopt: none of its modules began to load before that, as of a
/// driver that is built in.
std::optional<Begin> begin_of(const std::vector<Load>& loads, const scenario::PlannedDevice& device,
                              double bound);

}  // namespace quiesce::checks
