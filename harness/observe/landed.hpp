// SPDX-License-Identifier: GPL-2.0-or-later
// What devices were fed, found in memory that only the capture kernel has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/observe/guest_ram.hpp"

namespace quiesce::observe {

/// Frames of one device that lie in a region.
struct Landed {
  std::string device;
  std::uint64_t pages = 0;   ///< of 4 KiB, with at least one tag of it
  std::uint64_t oldest = 0;  ///< smallest sequence number among them
  std::uint64_t newest = 0;
};

/// All frames (tags of TagKind::frame) of the run with `seed` in `region`, by device name. Where
/// their receiver has the crash region as its memory, they show that the device was given new
/// buffers: nothing but a device or who was given its data brings them there. Reads what is in use;
/// the machine should stand still.
Result<std::vector<Landed>> find_landed(const GuestRam& ram, const PhysRange& region,
                                        std::uint32_t seed);

}  // namespace quiesce::observe
