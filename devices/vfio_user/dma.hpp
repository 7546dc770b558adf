// SPDX-License-Identifier: GPL-2.0-or-later
// Memory that the client gave: mapped where it came with a descriptor.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "devices/vfio_user/server.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/mapping.hpp"

namespace quiesce::vfio_user {

class DmaMap {
 public:
  explicit DmaMap(const Limits& limits) : limits_(limits) {}

  /// `file`: nullopt when the client keeps the memory to itself. invalid_input: empty, wraps
  /// around, overlaps another range, lies beyond the file's end, or there are too many.
  Result<void> add(std::uint64_t address, std::uint64_t size, std::uint64_t offset,
                   std::optional<Fd> file, bool writable);
  /// not_found when no range begins there with that size.
  Result<void> remove(std::uint64_t address, std::uint64_t size);
  void remove_all();

  enum class Where { mapped, by_message, nowhere };
  /// Where a whole access lies. A range without a descriptor must be asked for by message.
  Where where(std::uint64_t address, std::uint64_t size) const;
  /// The bytes of an access that is `mapped`, in one range.
  std::optional<std::span<std::byte>> find(std::uint64_t address, std::uint64_t size,
                                           bool for_writing) const;
  /// The same among the ranges that were taken away.
  std::optional<std::span<std::byte>> find_stale(std::uint64_t address, std::uint64_t size) const;
  std::size_t count() const { return ranges_.size(); }

 private:
  struct Range {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    bool writable = false;
    std::optional<Mapping> mapping;
    std::uint64_t skip = 0;  ///< from the mapping's page-aligned begin
    bool holds(std::uint64_t at, std::uint64_t bytes) const;
    std::span<std::byte> at(std::uint64_t from, std::uint64_t bytes) const;
  };
  void retire(Range&& range);

  Limits limits_;
  std::vector<Range> ranges_;
  std::deque<Range> stale_;
};

}  // namespace quiesce::vfio_user
