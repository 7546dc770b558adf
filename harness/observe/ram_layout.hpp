// SPDX-License-Identifier: GPL-2.0-or-later
// Where a machine's RAM appears in guest physical memory. What is particular to q35 is in
// ram_layout.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "harness/base/units.hpp"

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
  /// QEMU's q35 without max-ram-below-4g (hw/i386/pc_q35.c, pc_q35_init): from 2.75 GiB on only 2
  /// GiB lie below 4 GiB, and the rest begins at 4 GiB; smaller RAM lies in one piece at 0.
  static RamLayout q35(Bytes size);

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
