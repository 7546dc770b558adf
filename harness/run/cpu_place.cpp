// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/cpu_place.hpp"

namespace quiesce::run {

std::string place_of(GuestVirt rip, const ArmedFacts& facts,
                     const target::Architecture& architecture, bool kernel_spoke) {
  if (rip.value >= architecture.kernel.text) return kernel_spoke ? "kernel" : "early kernel";
  if (rip.value >= architecture.kernel.half) return "kernel";
  // Below that an address of the early boot is physical: purgatory and decompressor run identity
  // mapped.
  const GuestPhys physical{rip.value};
  for (const auto& segment : facts.segments) {
    if (!segment.range.contains(physical)) continue;
    if (segment.name == "kernel") return "decompressor";
    return segment.name;
  }
  if (facts.crash_region.contains(physical)) return "decompressor or early kernel";
  if (physical.value < architecture.low_memory) return "real-mode code";
  return kernel_spoke ? "userspace" : "outside of all known code";
}

}  // namespace quiesce::run
