// SPDX-License-Identifier: GPL-2.0-or-later
// Where a machine's RAM appears in guest physical memory.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/base/units.hpp"
#include "harness/target/architecture.hpp"

namespace quiesce::observe {

/// A run of RAM: `size` bytes at `offset` of the backing file are at `begin` for the guest.
struct RamPiece {
  GuestPhys begin;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// The one place that translates between guest physical addresses and offsets in the RAM file.
class RamLayout {
 public:
  /// As the machine type of an architecture lays it.
  static RamLayout of(const target::RamSplit& split, Bytes size);

  /// nullopt: there is no RAM at this address.
  std::optional<std::uint64_t> offset_of(GuestPhys at) const;
  /// nullopt: beyond the end of RAM.
  std::optional<GuestPhys> phys_of(std::uint64_t offset) const;
  /// The parts of [begin, end) that are RAM, as offsets [first, second).
  struct Extent {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool operator==(const Extent&) const = default;
    std::uint64_t size() const { return end - begin; }
  };
  std::vector<Extent> offsets_of(const PhysRange& range) const;

  const std::vector<RamPiece>& pieces() const { return pieces_; }
  Bytes size() const;

 private:
  explicit RamLayout(std::vector<RamPiece> pieces) : pieces_(std::move(pieces)) {}
  std::vector<RamPiece> pieces_;  // by offset, without gaps
};

}  // namespace quiesce::observe
