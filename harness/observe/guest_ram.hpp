// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <span>

#include "harness/base/fd.hpp"
#include "harness/base/mapping.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/observe/extents.hpp"
#include "harness/observe/ram_layout.hpp"

namespace quiesce::observe {

/// The guest's RAM, mapped for reading from the file that QEMU shares with us.
class GuestRam {
 public:
  /// Maps it; `split` says where it lies for the guest. `fd` is duplicated. Fails with
  /// invalid_input when the file is shorter than `size` (reading beyond its end would be a SIGBUS)
  /// or `size` is no multiple of 4 KiB.
  static Result<GuestRam> map(int fd, Bytes size,
                              const target::RamSplit& split = target::default_architecture().ram);

  const RamLayout& layout() const { return layout_; }
  /// By offset in the file, not by guest physical address.
  std::span<const std::byte> bytes() const { return mapping_.bytes(); }

  /// `size` bytes at a guest physical address; not_found when they are not all RAM of one piece.
  Result<std::span<const std::byte>> read(GuestPhys at, std::size_t size) const;

  /// The parts of `where` (sorted, not overlapping) that hold data (SEEK_DATA). What is left out is
  /// a hole of the file: it reads as zeros, and reading it through the mapping would allocate it.
  /// Costs time for what holds data (9 ms a GiB), so ask only about what is not known to.
  Result<Extents> data(const Extents& where) const;

 private:
  GuestRam(Fd fd, Mapping mapping, RamLayout layout)
      : fd_(std::move(fd)), mapping_(std::move(mapping)), layout_(std::move(layout)) {}
  Fd fd_;
  Mapping mapping_;
  RamLayout layout_;
};

}  // namespace quiesce::observe
