// SPDX-License-Identifier: GPL-2.0-or-later
// The phases of a run, in their order. Each returns a failure only when the harness or the machine
// is at fault; what the kernels do wrong is evidence. What makes an armed guest knows the recipe
// and nothing of a case.
#pragma once

#include "harness/base/result.hpp"
#include "harness/run/cpus.hpp"
#include "harness/run/facts.hpp"
#include "harness/run/sides.hpp"
#include "harness/scenario/recipe.hpp"

namespace quiesce::run {

/// The production kernel reaches its agent. The machine was made and stands still.
Result<void> boot(const GuestSide& guest, GuestControl& control);

/// Drivers bound, capture kernel loaded, breakpoint set: what a snapshot would hold, and its facts.
Result<ArmedFacts> arm(const scenario::Recipe& recipe, const GuestSide& guest,
                       const MachineSide& machine);

/// What a case does to devices from outside.
struct Drive {
  Feeder& feeder;
  DeviceServers& servers;
};

/// The case begins: devices busy, production actions, control seen, the machine looked at.
Result<void> make_busy(const scenario::Case& one, const ArmedFacts& facts, const GuestSide& guest,
                       const MachineSide& machine, const Drive& drive);

/// The panic, up to machine_kexec. A kernel that never gets there is evidence: `reached` says it.
struct Panicked {
  bool reached = false;
};
Result<Panicked> panic(const scenario::PanicSpec& spec, const GuestSide& guest,
                       GuestControl& control, Cpus& cpus);

/// Machine stopped at machine_kexec: baseline, configuration space, rings; then on.
Result<void> handover(const scenario::Case& one, const ArmedFacts& facts,
                      const MachineSide& machine, Cpus& cpus);

/// The capture kernel's steps: entry, window, drivers, tests, end.
Result<void> capture(const scenario::Case& one, bool quiet, const ArmedFacts& facts, Loop& loop,
                     const GuestSide& guest, const MachineSide& machine, const Drive& drive,
                     Cpus& cpus);

/// What is left to fetch before the machine ends: the watch's last pass.
Result<void> collect(const GuestSide& guest, StrayWatch& watch);

}  // namespace quiesce::run
