// SPDX-License-Identifier: GPL-2.0-or-later
// The phases of a run, in their order. Each returns a failure only when the harness or the machine
// is at fault; what the kernels do wrong is evidence.
#pragma once

#include "harness/base/result.hpp"
#include "harness/run/session.hpp"

namespace quiesce::run {

/// QEMU starts; the production kernel reaches its agent.
Result<void> boot(Session& session);
/// Drivers, capture kernel loaded, breakpoint set, baseline ready, devices busy, control seen.
Result<void> arm(Session& session);
/// The panic, up to machine_kexec. A kernel that never gets there is evidence: `reached` says it.
struct Panicked {
  bool reached = false;
};
Result<Panicked> panic(Session& session);
/// Machine stopped at machine_kexec: baseline, configuration space, rings, crash segments; then on.
Result<void> handover(Session& session);
/// The capture kernel's steps: entry, window, drivers, tests, end.
Result<void> capture(Session& session);
/// What is left to fetch when the machine stops: last pass, last picture.
Result<void> collect(Session& session);

}  // namespace quiesce::run
