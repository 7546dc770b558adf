// SPDX-License-Identifier: GPL-2.0-or-later
// The actions on one device in one kernel, one after the other: which of them stopped it, which
// brought it back. What a vendor takes away as a table.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/checks/reset/rung.hpp"

namespace quiesce::checks {

/// Words of reset.action's "at".
inline constexpr const char* at_production = "production";
inline constexpr const char* at_capture = "before-drivers";

struct Ladder {
  std::string device;
  std::string at;
  bool climb = false;  ///< later actions left it out once one had brought it back
  std::vector<Rung> rungs;
  /// The first that it stopped writing with; never one that did nothing or was refused.
  const Rung* stopped_by() const;
  /// The first that did something, after which it writes no more and works.
  const Rung* brought_back_by() const;
  /// After the last rung: by the probe, the function test of the capture kernel, or its work in the
  /// production kernel.
  std::optional<bool> works;
  bool any(Rung::Dma dma) const;
  bool was_seen_writing() const;
};

/// Of every device that an action was done on, first those in the production kernel.
std::vector<Ladder> ladders_of(const evidence::Run& run, const Attribution& who);

/// A rung, as measures; times are relative to `zero`.
Measures measures_of(const Ladder& ladder, const Rung& rung, double zero);
/// What the whole ladder tells.
Measures measures_of(const Ladder& ladder);

}  // namespace quiesce::checks
