// SPDX-License-Identifier: GPL-2.0-or-later
// The codes of dma.stopped, and the measures that several of them share.
#pragma once

#include <vector>

#include "harness/checks/dma/deadline.hpp"
#include "harness/checks/dma/strays.hpp"

namespace quiesce::checks::dma {

/// Of a device that is judged by itself.
extern const Code quiet, wrote_late, idle_before, watch_blind, not_fed, out_of_buffers, went_quiet;
/// Of a device whose writes carry no tag, and of what nobody is named as the writer of.
extern const Code no_tag, no_tag_idle, no_tag_watch_blind;
extern const Code untagged, untagged_late, idle_wrote, idle_wrote_late;
/// Of the watch and of the whole run.
extern const Code by_gating, other_writer, totals, none_late, no_busy_device;
extern const Code no_baseline, ledger_missed, ledger_agrees;
extern const Code no_pass, no_end, watch_gap, straddling;
/// Of a run that was over before its deadline.
extern const Code no_deadline, seen_until, not_stopped;

std::vector<const Code*> codes();
std::vector<Phrase> phrases();

/// Pages, bytes, times and what named the writers ("by.tag").
void add_writes(Finding& finding, const Tally& tally, double handover);

/// All writes together, and what the gating experiment took: of the code `totals`.
Finding total(const Strays& strays, const Deadline& deadline, double handover);
/// What the gating experiment showed, and writers that are no devices.
void add_likely(Findings& findings, const Strays& strays);

}  // namespace quiesce::checks::dma
