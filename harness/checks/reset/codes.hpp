// SPDX-License-Identifier: GPL-2.0-or-later
// The codes of bus.reset.
#pragma once

#include <vector>

#include "harness/checks/check.hpp"

namespace quiesce::checks::reset {

/// Of one action on one device.
extern const Code no_effect, no_effect_told, action_failed, outcome_unknown;
extern const Code lost_for_ever, lost_before, ready_late, registers_silent, registers_silent_yet;
extern const Code configuration_lost, not_in_trace, unwatched, nothing_to_write, ended_by_itself;
extern const Code rung_done, action_error, witnessed, other_reset;
/// Of one device's ladder.
extern const Code never_seen_writing, does_not_work, works_unknown, nothing_possible;
extern const Code stopped_by_none, stopped_by_none_seen, brought_back_by_none;
extern const Code one_ladder, works_in_production, ladder_climbed, ladder_in_production;
/// Of the run.
extern const Code not_done, kept_word, all_actions;

std::vector<const Code*> codes();
std::vector<Phrase> phrases();

}  // namespace quiesce::checks::reset
