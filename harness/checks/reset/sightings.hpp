// SPDX-License-Identifier: GPL-2.0-or-later
// When a device was seen to write: by its own ledger to the instant, by the watch to a pass.
#pragma once

#include <string>
#include <vector>

#include "harness/checks/attribution.hpp"

namespace quiesce::checks {

/// The device wrote at some instant from `earliest` to `latest`; they are the same for a ledger.
struct Sighting {
  double earliest = 0;
  double latest = 0;
  bool exact() const { return earliest == latest; }
};

/// By time. A device that keeps a ledger is not also seen by what the ledger named.
std::vector<Sighting> sightings_of(const evidence::Run& run, const Attribution& who,
                                   const std::string& device);

/// A stretch of time that the watch compared as one.
struct Pass {
  double since = 0;
  double t = 0;
};
/// All passes of the watch, by time.
std::vector<Pass> passes_of(const evidence::Run& run);

}  // namespace quiesce::checks
