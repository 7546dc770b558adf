// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/cpus.hpp"

#include <algorithm>

#include "harness/run/cpu_place.hpp"

namespace quiesce::run {

std::string Cpus::place_now(const target::CpuState& cpu) const {
  const bool in_production = std::ranges::any_of(parked_, [&](const target::CpuState& before) {
    return before.index == cpu.index && before.rip == cpu.rip;
  });
  if (in_production) return "production kernel";
  return place_of(cpu.rip, facts_, control_.architecture(), hearing_.heard("kernel-start"));
}

Result<std::vector<target::CpuState>> Cpus::take(const std::string& at) {
  if (!control_.can(target::Capability::registers)) return std::vector<target::CpuState>();
  TRY_ASSIGN(auto cpus, control_.target().cpus(waits_.soon()));
  // Before the handover it is the production kernel that runs; afterwards a CPU that stands where
  // it stood then was parked by the dying kernel and never left it.
  if (hearing_.role() == "production") parked_ = cpus;
  record::event::Cpus event{.at = at, .cpus = {}};
  for (const auto& cpu : cpus)
    event.cpus.push_back({.index = static_cast<std::uint64_t>(cpu.index),
                          .rip = fmt::format("{:#x}", cpu.rip.value),
                          .rsp = fmt::format("{:#x}", cpu.rsp.value),
                          .halted = cpu.halted,
                          .place = place_now(cpu)});
  recorder_.event(event);
  return cpus;
}

}  // namespace quiesce::run
