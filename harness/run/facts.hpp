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

/// One CPU as QEMU's `info registers` shows it.
struct CpuState {
  int index = 0;
  GuestVirt rip;
  GuestVirt rsp;
  bool halted = false;
};

/// What the later phases must know of the production kernel. Serialisable: a run that starts from a
/// snapshot has only this.
struct GuestFacts {
  GuestVirt machine_kexec;
  PhysRange crash_region;
  std::vector<PhysRange> kernel_data;  ///< "Kernel data" and "Kernel bss" of /proc/iomem
  nlohmann::json production_font;      ///< the agent's `font` answer, null when there is no screen
  std::vector<CrashSegment> segments;
  std::vector<CpuState> parked;  ///< where every CPU stood when the production kernel was last seen
};

record::event::Facts as_record(const GuestFacts& facts);

/// What the agent says is no input of the user: nonsense is a protocol error that names `what`.
Result<PhysRange> range_of(const record::answer::Range& range, const std::string& what);
/// Of the agent's `hello` or `describe`; unsupported when the kernel reserved none.
Result<PhysRange> crash_region(const record::answer::Kernel& kernel);

}  // namespace quiesce::run
