// SPDX-License-Identifier: GPL-2.0-or-later
// What a target must be able to do, that a need can be met.
#pragma once

#include <optional>
#include <string>

#include "harness/checks/needs.hpp"
#include "harness/record/capability.hpp"

namespace quiesce::checks {

/// nullopt: every target can, by its serial lines alone.
std::optional<record::Capability> capability_of(const Need& need);

/// Why this run's target cannot meet the need: "the target cannot have its memory watched". By the
/// event `target`; a run without it was made on a target that can do all.
std::optional<std::string> out_of_reach(const evidence::Run& run, const Need& need);

}  // namespace quiesce::checks
