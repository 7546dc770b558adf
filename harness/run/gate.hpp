// SPDX-License-Identifier: GPL-2.0-or-later
// Who writes what carries no tag, found out by taking Bus Master away.
#pragma once

#include "harness/run/sides.hpp"
#include "harness/scenario/recipe.hpp"

namespace quiesce::run {

/// The gating experiment: Bus Master is taken from one busy device after the other, from outside,
/// for a window each; before and after all have it. Which pages changed in which window is noted
/// (gate.window); who wrote them is for the checks to say. Does nothing when the scenario does not
/// want it, or when nothing without a tag was written in the window.
Result<void> gate(const scenario::Case& one, const MachineSide& machine);

}  // namespace quiesce::run
