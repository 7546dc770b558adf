// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/units.hpp"

namespace quiesce::run {

/// A named piece of the crash region, found in memory at the handover.
struct CrashSegment {
  std::string name;  ///< "kernel", "initramfs", "elfcorehdr", "purgatory"
  PhysRange range;
};

/// What the later phases must know of the production kernel. Serialisable: a run that starts from a
/// snapshot has only this.
struct GuestFacts {
  GuestVirt machine_kexec;
  PhysRange crash_region;
  nlohmann::json production_font;  ///< the agent's `font` answer, null when there is no screen
  std::vector<CrashSegment> segments;
};

nlohmann::json to_json(const GuestFacts& facts);

}  // namespace quiesce::run
