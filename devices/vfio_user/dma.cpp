// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/dma.hpp"

#include <algorithm>

namespace quiesce::vfio_user {

bool DmaMap::Range::holds(std::uint64_t at, std::uint64_t bytes) const {
  return at >= address && bytes <= size && at - address <= size - bytes;
}

std::span<std::byte> DmaMap::Range::at(std::uint64_t from, std::uint64_t bytes) const {
  // The map hands out spans of memory that others write too: constness says nothing about it.
  auto* data = const_cast<std::byte*>(mapping->bytes().data());
  return {data + skip + (from - address), bytes};
}

Result<void> DmaMap::add(std::uint64_t address, std::uint64_t size, std::uint64_t offset,
                         std::optional<Fd> file, bool writable) {
  if (size == 0 || address + size - 1 < address || offset + size < offset)
    return fail(Errc::invalid_input, "a range of {:#x} bytes at {:#x} cannot be", size, address);
  if (ranges_.size() >= limits_.mappings)
    return fail(Errc::invalid_input, "more than {} ranges of memory", limits_.mappings);
  const std::uint64_t last = address + size - 1;
  for (const auto& range : ranges_)
    if (address <= range.address + range.size - 1 && range.address <= last)
      return fail(Errc::invalid_input, "the range at {:#x} overlaps the one at {:#x}", address,
                  range.address);
  Range range{.address = address, .size = size, .writable = writable};
  if (file) {
    // The file may be cut later: whoever holds guest memory can end us, as it can end QEMU.
    TRY_ASSIGN(range.mapping,
               Mapping::of_file(file->get(), offset + size,
                                writable ? Mapping::Access::read_write : Mapping::Access::read));
    range.skip = offset;
  }
  ranges_.push_back(std::move(range));
  return {};
}

void DmaMap::retire(Range&& range) {
  if (!range.mapping || !range.writable) return;
  stale_.push_back(std::move(range));
  if (stale_.size() > limits_.stale_mappings) stale_.pop_front();
}

Result<void> DmaMap::remove(std::uint64_t address, std::uint64_t size) {
  const auto found = std::ranges::find_if(
      ranges_, [&](const Range& range) { return range.address == address && range.size == size; });
  if (found == ranges_.end())
    return fail(Errc::not_found, "no range of {:#x} bytes at {:#x}", size, address);
  retire(std::move(*found));
  ranges_.erase(found);
  return {};
}

void DmaMap::remove_all() {
  for (auto& range : ranges_) retire(std::move(range));
  ranges_.clear();
}

DmaMap::Where DmaMap::where(std::uint64_t address, std::uint64_t size) const {
  for (const auto& range : ranges_)
    if (range.holds(address, size)) return range.mapping ? Where::mapped : Where::by_message;
  return Where::nowhere;
}

std::optional<std::span<std::byte>> DmaMap::find(std::uint64_t address, std::uint64_t size,
                                                 bool for_writing) const {
  for (const auto& range : ranges_)
    if (range.mapping && range.holds(address, size) && (range.writable || !for_writing))
      return range.at(address, size);
  return std::nullopt;
}

std::optional<std::span<std::byte>> DmaMap::find_stale(std::uint64_t address,
                                                       std::uint64_t size) const {
  for (auto range = stale_.rbegin(); range != stale_.rend(); ++range)
    if (range->holds(address, size)) return range->at(address, size);
  return std::nullopt;
}

}  // namespace quiesce::vfio_user
