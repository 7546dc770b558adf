// SPDX-License-Identifier: GPL-2.0-or-later
// Memory of this process that a device may write to: it stays where it is, and its physical address
// is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "harness/base/result.hpp"

namespace quiesce::agent {

struct DmaMemory {
  std::span<std::byte> bytes;  ///< physically contiguous, a multiple of 4096 and aligned to it
  std::uint64_t address = 0;   ///< guest-physical

  /// A piece of it.
  DmaMemory part(std::size_t offset, std::size_t length) const {
    return {bytes.subspan(offset, length), address + offset};
  }
};

/// The frame number in an entry of /proc/self/pagemap (Documentation/admin-guide/mm/pagemap.rst), 0
/// when the page is not in memory or its number is hidden.
std::uint64_t frame_of(std::uint64_t pagemap_entry);

/// The longest run of pages whose frames follow each other.
struct FrameRun {
  std::size_t first = 0;
  std::size_t count = 0;
};
FrameRun longest_run(std::span<const std::uint64_t> frames);

/// `most` bytes at best, a page at least: a huge page where the kernel has one to give, else the
/// longest contiguous run of locked pages. The memory belongs to the device named `owner` for ever,
/// and a second call for it gives the same memory where that is long enough: who knows when a
/// device that does not obey writes to it last?
Result<DmaMemory> dma_memory(const std::string& owner, std::size_t most);

}  // namespace quiesce::agent
