// SPDX-License-Identifier: GPL-2.0-or-later
// Activity model-run and test model-copy, in pieces that need no kernel.
#pragma once

#include "harness/base/units.hpp"
#include "vm-images/agent/model.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

/// Where a model writes: a place of ours, or one that it must never be told.
struct ModelTarget {
  /// own: memory of this process; crash_region: from its begin on; segment: a piece of it that the
  /// harness found in memory.
  enum class Place { own, crash_region, segment } place = Place::own;
  std::uint64_t offset = 0;
  std::uint64_t address = 0;  ///< of the segment
};
Result<ModelTarget> read_target(const Request& request);

/// `bytes` from the target's offset on, for targets that are not our own; not_found when
/// /proc/iomem has no crash region, invalid_input when the range leaves it.
Result<PhysRange> foreign_range(const ModelTarget& target, std::uint64_t bytes,
                                std::string_view iomem);

/// What the sequence register says about one turn.
struct SequenceStep {
  std::uint64_t written = 0;  ///< items since the last turn
  std::string problem;        ///< empty: none
};
/// `known` is what it said last, and becomes what it says now.
SequenceStep follow_sequence(std::uint64_t& known, std::uint64_t now);

/// Parameters of the function test.
struct CopyTest {
  enum class ResetFirst { none, function, soft } reset_first = ResetFirst::none;
  std::uint32_t bytes = 4096;
  std::uint32_t items = 8;
  std::uint32_t item = 256;
  std::uint32_t rate = 1000;
  bool tagged = true;
  Seconds ready{10};
  Seconds patience{10};  ///< for the copy, and for the items
};
/// "auto" resets when the kernel's command line has reset_devices.
Result<CopyTest> read_copy_test(const Request& request, std::string_view command_line);

/// The test itself, on registers that are mapped. `memory` is what the device may write to.
Outcome copy_test(Bar& bar, const DmaMemory& memory, const Subject& subject, const CopyTest& test);

}  // namespace quiesce::agent
