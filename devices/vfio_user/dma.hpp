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

  /// A range of the device's address space.
  struct Span {
    std::uint64_t address = 0;
    std::uint64_t size = 0;
    bool operator==(const Span&) const = default;
  };
  struct Access {
    bool readable = true;
    bool writable = true;
  };
  /// `file`: nullopt when the client keeps the memory to itself. 0, or EINVAL (empty, wraps around,
  /// no access, not a regular file, beyond its end, cannot be mapped so), EEXIST (overlaps another
  /// range), ENOSPC (too many).
  int add(Span span, std::uint64_t offset, std::optional<Fd> file, Access access);
  /// 0, or ENOENT when no range begins there with that size.
  int remove(Span span);
  std::vector<Span> remove_all();
  /// The client is gone: whatever it gave goes, stale ranges too.
  void forget();

  enum class Direction { read, write };  ///< what the device does
  /// A part of an access that lies in one range.
  struct Piece {
    std::size_t size = 0;
    std::byte* memory = nullptr;  ///< null: to be asked for by message
  };
  /// The first piece of an access; nullopt when a byte of all of it is in no range, or may not be
  /// accessed so. Valid until the map changes.
  std::optional<Piece> first_piece(Span span, Direction direction) const;
  /// The same among ranges that were taken away and were writable.
  std::optional<Piece> first_stale_piece(Span span) const;
  std::size_t count() const { return ranges_.size(); }
  std::size_t stale_count() const { return stale_.size(); }

 private:
  struct Range {
    Span span;
    Access access;
    std::optional<Mapping> mapping;
    std::uint64_t skip = 0;    ///< where the range begins in the mapping
    std::uint64_t device = 0;  ///< which file
    std::uint64_t inode = 0;
  };
  void retire(Range&& range);
  template <class Ranges>
  static std::optional<Piece> cut(const Ranges& ranges, Span span, Direction direction);

  Limits limits_;
  std::vector<Range> ranges_;
  std::deque<Range> stale_;  ///< the youngest first
};

/// Copies between our memory and a Piece's. The kernel does it: where the client has cut the file
/// since it was mapped the call fails, and memcpy would be our end by SIGBUS. (Where the kernel
/// forbids process_vm_writev, by seccomp, it is memcpy, and such a client does end us.)
bool copy_out(std::byte* memory, std::span<const std::byte> bytes);
bool copy_in(std::span<std::byte> bytes, const std::byte* memory);

}  // namespace quiesce::vfio_user
