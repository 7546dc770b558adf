// SPDX-License-Identifier: GPL-2.0-or-later
// The run of a recording without the harness around it.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/base/result.hpp"
#include "tests/bench/recording.hpp"

namespace quiesce::bench {

struct BareRun {
  double seconds = 0;  ///< from nothing to QEMU's end
  double qemu_cpu_s = 0;
  double driver_cpu_s = 0;
  std::vector<Point> points;
};

/// Boots, crashes and boots again what the recording did, on the same devices: no shared memory, no
/// gdb stub, no qtest, no trace, no pictures, console to a file. Asks the agent for the same work
/// in the same order and waits where the scenario says so (panic.busy, steps.window), feeds frames
/// and moves the pointer at the same pace, but asks for nothing that is only looked at. `folder`
/// receives serial.log and audio.wav.
Result<BareRun> run_bare(const Recording& recording, const std::filesystem::path& folder);

}  // namespace quiesce::bench
