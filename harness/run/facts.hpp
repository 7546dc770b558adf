// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"

namespace quiesce::run {

/// A named piece of the crash region, found in memory at the handover.
struct CrashSegment {
  std::string name;  ///< "kernel", "initramfs", "elfcorehdr", "purgatory"
  PhysRange range;
};

/// What is known of an armed guest: booted, drivers bound, capture kernel loaded. All that later
/// phases need of what came before; it can be written down and read back, and a run that starts
/// from a snapshot has only this.
struct ArmedFacts {
  std::string recipe;  ///< scenario::key_of() what was booted
  GuestVirt machine_kexec;
  PhysRange crash_region;
  std::vector<PhysRange> kernel_data;  ///< "Kernel data" and "Kernel bss" of /proc/iomem
  nlohmann::json production_font;      ///< the agent's `font` answer, null when there is no screen
  std::vector<CrashSegment> segments;
};

/// For the event `handover`.
record::event::Facts as_record(const ArmedFacts& facts);

/// armed.json
nlohmann::json to_json(const ArmedFacts& facts);
/// Accepts what to_json gave; invalid_input names what is missing or of another type.
Result<ArmedFacts> armed_from_json(const nlohmann::json& json);

/// What the agent says is no input of the user: nonsense is a protocol error that names `what`.
Result<PhysRange> range_of(const record::answer::Range& range, const std::string& what);
/// Of the agent's `hello` or `describe`; unsupported when the kernel reserved none.
Result<PhysRange> crash_region(const record::answer::Kernel& kernel);

}  // namespace quiesce::run
