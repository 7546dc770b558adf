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

bool wanted(const Session& session) {
  switch (session.plan.scenario.steps.gating) {
    case Gating::off:
      return false;
    case Gating::always:
      return true;
    case Gating::automatic:
      // QEMU's own devices may take it ill: 7.2's e1000e aborted the machine in the first run that
      // had it (e1000e_intrmgr_on_throttling_timer), which is not proved to be the gate's doing.
      return scenario::needs_vfio_user(session.plan.devices) && session.watch->writes().unnamed > 0;
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
Result<void> window(Session& session, const PlannedDevice* off) {
  const double begin = session.dir.now();
  const TimePoint stopped = session.loop.now();
  TRY(session.pause());
  TRY(session.watch->pass());
  BusMaster before = BusMaster::off;
  if (off != nullptr) {
    const auto was =
        observe::set_bus_master(session.machine->qtest(), off->address, BusMaster::off);
    // A function that does not answer cannot be gated: nothing to learn from it.
    if (!was) return session.resume();
    before = *was;
  }
  Seconds paused = session.loop.now() - stopped;
  TRY(session.resume());
  const double t0 = session.dir.now();
  TRY_ASSIGN(const Wait waited, session.linger(window_time));
  const TimePoint again = session.loop.now();
  TRY(session.pause());
  const double t1 = session.dir.now();
  TRY(session.watch->pass());
  std::vector<record::Address> pages;
  for (const auto& page : session.watch->last_pages()) pages.push_back({page});
  if (off != nullptr && before == BusMaster::on)
    TRY(observe::set_bus_master(session.machine->qtest(), off->address, BusMaster::on));
  paused += session.loop.now() - again;
  session.dir.event(
      record::event::GateWindow{.off = off != nullptr ? std::optional(off->name) : std::nullopt,
                                .had_bus_master = before == BusMaster::on,
                                .begin = begin,
                                .t0 = t0,
                                .t1 = t1,
                                .end = session.dir.now(),
                                .pages = std::move(pages),
                                .stopped_s = paused.count()});
  if (waited == Wait::guest_down)
    return fail(Errc::closed, "the guest went down in the gating experiment");
  return session.resume();
}

}  // namespace

Result<void> gate(Session& session) {
  if (!wanted(session)) return {};
  session.note("looking for the writers of what carries no tag");
  TRY(window(session, nullptr));
  for (const auto& device : session.plan.devices)
    if (is_candidate(device)) TRY(window(session, &device));
  return window(session, nullptr);
}

}  // namespace quiesce::run
