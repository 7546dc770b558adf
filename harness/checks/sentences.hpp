// SPDX-License-Identifier: GPL-2.0-or-later
// The one place where findings become sentences: templates of codes over measures.
//
// A template is text with these in it; KEY is a measure's, or `subject`:
//   {KEY} {KEY:.1f}  its value, in fmt's format; lists as "a, b and c", with :q each in quotes
//   {KEY:B}          bytes as "819.0 MiB"
//   {KEY:w}          the phrase that the check has for it, else the value itself
//   {KEY|page}       "1 page", "3 pages"
//   {KEY?A:B:C}      A when it is true, B when it is not, C when it is missing
//   [...]            left out when a measure inside is missing, a count of 0, false or empty
//   [?KEY ...]       shown when that measure is none of these; [!KEY ...] when it is one
//   <[...][...]>     the sections that are shown, as "a, b and c"; a section with {KEY*} is shown
//                    for each text of that list
#pragma once

#include <string>
#include <string_view>

#include "harness/checks/check.hpp"

namespace quiesce::checks {

/// The text of one template for one finding.
std::string say(std::string_view pattern, const Finding& finding, const Check* check = nullptr);

/// The check's own code, or one of those that all checks have; nullptr when it is neither.
const Code* find_code(const Check* check, std::string_view name);

/// Fills in verdict, reason, details and control. `check` is null for one that this program lacks.
CheckResult conclude(const std::string& name, const Check* check, Findings findings);

}  // namespace quiesce::checks
