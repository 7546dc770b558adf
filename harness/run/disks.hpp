// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::run {

inline constexpr Bytes disk_size = 32_MiB;
inline constexpr std::size_t disk_block = 512;

/// A disk image in memory for every device whose backend inherits an image: block n is tagged with
/// the device, n and the seed (see docs/agent-protocol.md).
Result<std::map<std::string, Fd>> make_disks(const scenario::RunPlan& plan);

/// What became of the second half of a disk, which the agent writes to.
struct DiskTruth {
  std::uint64_t guest_blocks = 0;  ///< blocks with a good guest_write tag of this device and run
  std::uint64_t untouched = 0;     ///< still as the harness laid them
  std::uint64_t other = 0;         ///< neither: torn or foreign
  std::uint64_t damaged_first_half = 0;  ///< blocks of the first half that are not as laid
};
Result<DiskTruth> inspect_disk(int fd, const std::string& device, std::uint32_t seed);

}  // namespace quiesce::run
