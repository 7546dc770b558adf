// SPDX-License-Identifier: GPL-2.0-or-later
// The stray writes of a run, counted by device and by which side of a deadline they fall on.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "harness/checks/attribution.hpp"
#include "harness/checks/support.hpp"

namespace quiesce::checks {

/// Pages are counted once, however often they changed; times are ends of passes, on the timeline.
struct Tally {
  std::set<std::uint64_t> pages;
  std::uint64_t bytes = 0;
  std::set<std::uint64_t> late;  ///< changed in a pass that began at the deadline or later
  std::uint64_t late_bytes = 0;
  std::set<std::uint64_t> straddling;  ///< changed in the pass that the deadline falls into
  double straddles_until = 0;
  std::optional<double> first;
  std::optional<double> last;
  /// The last write is not older than this: the begin of its pass, or when the newest frame that
  /// was found in memory was fed, whichever is later.
  double last_since = 0;
  std::optional<double> last_fed;            ///< when that frame was fed
  std::array<std::uint64_t, by_count> by{};  ///< changes by what named their writer

  void add(const evidence::StrayPage& stray, double since, double deadline);
};

struct Strays {
  Tally all;
  std::map<std::string, Tally> by_device;      ///< "" holds what nothing names the writer of
  std::map<std::string, std::uint64_t> owned;  ///< changes by an owner that is no device
  Attribution attribution;
};

/// Only what was seen after the handover.
Strays sort_strays(const evidence::Run& run, double handover, double deadline);

/// Did the watch look often enough from the handover to the end?
struct Watch {
  std::size_t passes = 0;
  double longest_gap = 0;  ///< seconds without a pass
  double gap_from = 0;     ///< when it began, seconds since the handover
  bool reached_end = false;
  std::string problem;  ///< empty when it did
};
Watch look_at_watch(const evidence::Run& run, const Story& story);

}  // namespace quiesce::checks
