// SPDX-License-Identifier: GPL-2.0-or-later
// Changed pages as the stray writes of dma.ndjson.
#pragma once

#include <string>
#include <vector>

#include "harness/base/tag.hpp"
#include "harness/observe/page_diff.hpp"
#include "harness/record/lines.hpp"

namespace quiesce::observe {

/// A known writer that is no device, for example the dying CPU's own stack.
struct Owner {
  PhysRange range;
  std::string name;
};

struct StrayWrite {
  double t = 0;      ///< end of the pass, s since run.start
  double since = 0;  ///< end of the pass before
  ChangedPage change;
  struct Origin {
    Tag tag;
    bool foreign = false;  ///< of another run's seed
  };
  /// One for each item (frame, block) of which a tag overlaps [first, last]; in the order of the
  /// page.
  std::vector<Origin> tags;
  std::string owner;  ///< empty: a device, or not known
};

struct StrayContext {
  double t = 0;
  double since = 0;
  std::uint32_t seed = 0;
  std::uint64_t page = 4096;  ///< bytes, as in DiffOptions
  std::vector<Owner> owners;
};

/// Reads the tags from the baseline that `pass` has just updated: exactly what the pass saw.
Result<std::vector<StrayWrite>> stray_writes(const Pass& pass, const Baseline& baseline,
                                             const StrayContext& context);

/// A line of dma.ndjson (docs/run-directory.md).
record::StrayLine as_record(const StrayWrite& stray);

}  // namespace quiesce::observe
