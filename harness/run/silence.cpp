// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/silence.hpp"

#include <algorithm>

namespace quiesce::run {

Result<bool> cpus_get_on(GuestControl& control, Waits& waits) {
  constexpr Seconds between{1};
  if (!control.can(target::Capability::registers)) return false;
  TRY_ASSIGN(const auto before, control.target().cpus(waits.soon()));
  TRY(waits.linger(between));
  TRY_ASSIGN(const auto after, control.target().cpus(waits.soon()));
  return std::ranges::any_of(after, [&](const target::CpuState& cpu) {
    const auto same = std::ranges::find(before, cpu.index, &target::CpuState::index);
    return same == before.end() || same->rip != cpu.rip;
  });
}

Result<Wait> wait_through_silence(const GuestSide& guest, GuestControl& control,
                                  const std::function<bool()>& done, Seconds patience) {
  const TimePoint until = guest.waits.now() + patience;
  for (;;) {
    TRY_ASSIGN(const Wait waited, guest.waits.wait(done, until - guest.waits.now()));
    if (waited != Wait::stalled) return waited;
    TRY_ASSIGN(const bool alive, cpus_get_on(control, guest.waits));
    if (!alive) return waited;
    guest.recorder.note("the console is silent, and the CPUs are busy");
    guest.hearing.forgive_silence();
  }
}

}  // namespace quiesce::run
