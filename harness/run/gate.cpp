// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/gate.hpp"
#include "harness/observe/pci_space.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/scenario/kinds.hpp"

namespace quiesce::run {

using observe::BusMaster;
using scenario::Gating;
using scenario::PlannedDevice;

namespace {

// Frames are fed at ten a second: a window holds several of them.
constexpr Seconds window_time{0.5};

bool wanted(const scenario::Case& one, const MachineSide& machine) {
  if (!machine.control.can(target::Capability::configuration)) return false;
  switch (one.steps.gating) {
    case Gating::off:
      return false;
    case Gating::always:
      return true;
    case Gating::automatic:
      // QEMU's own devices may take it ill: 7.2's e1000e aborted the machine in the first run that
      // had it (e1000e_intrmgr_on_throttling_timer), which is not proved to be the gate's doing.
      return scenario::needs_vfio_user(one.devices) && machine.watch.writes().unnamed > 0;
  }
  return false;
}

/// A device that can have written, and takes it up again afterwards: an experiment must not end
/// what it looks at.
bool is_candidate(const PlannedDevice& device) {
  const auto work = scenario::activity_of(device);
  return device.busy && work.uses_memory && work.bears_gating;
}

/// One window: without Bus Master of `off`, or with everything as it was.
Result<void> window(const MachineSide& machine, const PlannedDevice* off) {
  auto& control = machine.control;
  auto& recorder = machine.recorder;
  const double begin = recorder.now();
  const TimePoint stopped = machine.waits.now();
  TRY(control.pause());
  TRY(machine.watch.pass());
  BusMaster before = BusMaster::off;
  if (off != nullptr) {
    TRY_ASSIGN(target::Bus* const bus, control.target().bus());
    const auto was = observe::set_bus_master(*bus, off->address, BusMaster::off);
    // A function that does not answer cannot be gated: nothing to learn from it.
    if (!was) return control.resume();
    before = *was;
  }
  Seconds paused = machine.waits.now() - stopped;
  TRY(control.resume());
  const double t0 = recorder.now();
  TRY_ASSIGN(const Wait waited, machine.waits.linger(window_time));
  const TimePoint again = machine.waits.now();
  TRY(control.pause());
  const double t1 = recorder.now();
  TRY(machine.watch.pass());
  std::vector<record::Address> pages;
  for (const auto& page : machine.watch.last_pages()) pages.push_back({page});
  if (off != nullptr && before == BusMaster::on) {
    TRY_ASSIGN(target::Bus* const bus, control.target().bus());
    TRY(observe::set_bus_master(*bus, off->address, BusMaster::on));
  }
  paused += machine.waits.now() - again;
  recorder.event(
      record::event::GateWindow{.off = off != nullptr ? std::optional(off->name) : std::nullopt,
                                .had_bus_master = before == BusMaster::on,
                                .begin = begin,
                                .t0 = t0,
                                .t1 = t1,
                                .end = recorder.now(),
                                .pages = std::move(pages),
                                .stopped_s = paused.count()});
  if (waited == Wait::guest_down)
    return fail(Errc::closed, "the guest went down in the gating experiment");
  return control.resume();
}

}  // namespace

Result<void> gate(const scenario::Case& one, const MachineSide& machine) {
  if (!wanted(one, machine)) return {};
  machine.recorder.note("looking for the writers of what carries no tag");
  TRY(window(machine, nullptr));
  for (const auto& device : one.devices)
    if (is_candidate(device)) TRY(window(machine, &device));
  return window(machine, nullptr);
}

}  // namespace quiesce::run
