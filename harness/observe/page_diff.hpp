// SPDX-License-Identifier: GPL-2.0-or-later
// What changed in guest RAM since a copy of it was taken. The only part of the harness with
// threads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/base/mapping.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/observe/extents.hpp"
#include "harness/observe/guest_ram.hpp"

namespace quiesce::observe {

struct DiffOptions {
  Bytes page = 4_KiB;  ///< 64 bytes..1 MiB, a power of two
  int workers = 1;     ///< threads, 1..64
};

/// A page that differs from the baseline.
struct ChangedPage {
  GuestPhys page;
  std::uint32_t bytes = 0;  ///< how many bytes differ, at least 1
  std::uint32_t first = 0;  ///< offset in the page of the first
  std::uint32_t last = 0;   ///< and of the last that differs
  bool operator==(const ChangedPage&) const = default;
};

/// One pass of the watch.
struct Pass {
  std::vector<ChangedPage> changed;  ///< by address
  std::uint64_t pages = 0;           ///< compared; holes and excluded ranges are not
};

/// A copy of guest RAM to compare with. Use: create when the crash region is known, prepare once or
/// more while the guest still runs, take at the handover with the machine stopped, then diff as
/// often as wanted.
class Baseline {
 public:
  /// Reserves address space for a copy of `ram`; no memory is used yet. `excluded` is neither
  /// copied nor compared: pages that touch such a range are left out as a whole.
  static Result<Baseline> create(const GuestRam& ram, const std::vector<PhysRange>& excluded);

  /// Allocates and touches memory for what the guest uses now, on both sides, so that take() only
  /// copies. Takes seconds a GiB on a fresh host. A second call pays only for what came into use
  /// since.
  Result<void> prepare(const GuestRam& ram);

  /// Copies what is in use. Returns the number of bytes copied.
  Result<Bytes> take(const GuestRam& ram, DiffOptions options = {});

  /// The copy of [at, at + size); after diff() this is what the pass saw in a changed page.
  Result<std::span<const std::byte>> read(GuestPhys at, std::size_t size) const;

 private:
  friend Result<Pass> diff(Baseline& baseline, const GuestRam& now, DiffOptions options);
  Baseline(Mapping copy, RamLayout layout, Extents excluded)
      : copy_(std::move(copy)), layout_(std::move(layout)), excluded_(std::move(excluded)) {}
  Result<void> find_used(const GuestRam& ram);

  Mapping copy_;
  RamLayout layout_;
  Extents excluded_;
  Extents used_;     // known to hold data; only grows
  Extents touched_;  // the part of it that has memory of ours
};

/// Compares and brings the baseline up to what was seen: a page that changes again is listed again.
/// What was a hole when the baseline was taken counts as zeros. The guest may run meanwhile: each
/// changed page is copied once, and counts and baseline come from that copy, so no later change is
/// lost.
Result<Pass> diff(Baseline& baseline, const GuestRam& now, DiffOptions options = {});

}  // namespace quiesce::observe
