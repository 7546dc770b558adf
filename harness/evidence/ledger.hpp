// SPDX-License-Identifier: GPL-2.0-or-later
// A model's own record of what it did, and the windows of the gating experiment.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/units.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/ledger.hpp"

namespace quiesce::evidence {

/// A write that the model says it made.
struct LedgerWrite {
  double t = 0;  ///< on the timeline's clock
  std::uint64_t address = 0;
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> crc;       ///< CRC-32 of what was written
  std::optional<std::uint64_t> sequence;  ///< of its tags
  std::uint64_t epoch = 0;  ///< its tags' block: resets before it, since the sequence begins anew
  bool tagged = false;
};

/// Anything else that the model noted ("reset", "bus-master", "interrupt", ...).
struct LedgerEntry {
  double t = 0;
  std::string event;
  nlohmann::json fields;
  /// What it says, as one of record::ledger.
  template <record::Record R>
  R as() const {
    return record::read<R>(fields);
  }
};

/// device-NAME.ndjson. Without run.start's "monotonic" its times cannot be put on the timeline:
/// `timed` is false and every t is 0.
struct Ledger {
  bool timed = false;
  std::vector<LedgerWrite> writes;   ///< by time
  std::vector<LedgerEntry> entries;  ///< by time, without the writes
  /// Something was noted. The file of a server that keeps no ledger is there and empty.
  bool kept() const { return !writes.empty() || !entries.empty(); }
  template <record::Record R>
  std::vector<const LedgerEntry*> events() const {
    return events(R::name);
  }
  std::vector<const LedgerEntry*> events(std::string_view name) const;
};

/// `monotonic`: run.start's. Lines without a number "mono" or a text "event", and writes without an
/// address or of no or too many bytes, count as damaged.
Ledger parse_ledger(std::string_view text, const std::string& device,
                    std::optional<double> monotonic, std::vector<std::string>& damage);

struct Run;

/// A while of the gating experiment: which pages changed when Bus Master of one device was off.
struct GateWindow {
  std::string off;             ///< the device whose Bus Master was cleared; empty: nobody's
  bool had_bus_master = true;  ///< false: nothing was taken from it, so the window says nothing
  double t0 = 0;
  double t1 = 0;
  double begin = 0;  ///< around the harness's own configuration writes
  double end = 0;
  double stopped_s = 0;              ///< how long the machine stood still for it
  std::vector<std::uint64_t> pages;  ///< sorted
};
/// gate.window events, by time; those without times are left out.
std::vector<GateWindow> gate_windows(const Run& run);

}  // namespace quiesce::evidence
