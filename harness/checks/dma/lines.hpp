// SPDX-License-Identifier: GPL-2.0-or-later
// What dma.stopped tells people and programs of the writes that it counted.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "harness/checks/dma/deadline.hpp"
#include "harness/checks/dma/strays.hpp"

namespace quiesce::checks {

/// Changes by what named their writer: {"tag": 12, "ledger": 3, ...}.
nlohmann::json by_numbers(const Tally& tally);

/// "12 pages (6144 bytes), +0.32 s to +12.59 s, 2 late, 12 by tag (certain)".
std::string describe_writes(const Tally& tally, double handover);

/// The numbers of all writes together, and lines for what the gating experiment showed and for
/// writers that are no devices.
void add_totals(CheckResult& result, const Strays& strays, const Deadline& deadline,
                double handover);

/// Writes that name no device. Descriptors and completions of tagged devices are among them.
std::string describe_untagged(const evidence::Run& run, const Tally& tally, double handover);

/// A line for each busy device whose writes carry no tag: at least why they ended.
void add_untagged_endings(CheckResult& result, const evidence::Run& run, const Story& story);

}  // namespace quiesce::checks
