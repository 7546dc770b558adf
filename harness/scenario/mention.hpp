// SPDX-License-Identifier: GPL-2.0-or-later
// Which device of a plan a line of a kernel's log is about.
#pragma once

#include <string_view>

#include "harness/scenario/plan.hpp"

namespace quiesce::scenario {

/// The word stands in the text by itself, in either spelling of - and _.
bool names_word(std::string_view text, std::string_view word);

/// The names of two modules are the same, in either spelling of - and _.
bool same_module(std::string_view a, std::string_view b);

/// The PCI address as drivers print it, 0000:bb:dd.f, occurs in the line, or as a word the name of
/// the driver or of one of the profile's modules, in either spelling of - and _.
bool mentions(std::string_view line, const PlannedDevice& device);

}  // namespace quiesce::scenario
