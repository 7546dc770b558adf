// SPDX-License-Identifier: GPL-2.0-or-later
// What no single key can say: rules between keys, and names that must exist.
#pragma once

#include "harness/scenario/report.hpp"
#include "harness/scenario/shape.hpp"

namespace quiesce::scenario {

/// Least memory that the production kernel needs beside the crash kernel's.
inline constexpr Bytes production_needs = 256_MiB;

/// Fills in what depends on the vocabulary (device names, the checks' parameters, tests without
/// drivers) and reports what breaks a rule. `document` is the text that `scenario` was read from;
/// what it has wrong already is left alone.
void apply_rules(Scenario& scenario, const nlohmann::json& document, const Vocabulary& vocabulary,
                 Report& report);

/// Rules of a device profile.
void apply_rules(const Profile& profile, Report& report);

/// A word of the command that is nearly one of server_words, and so would be passed on as it is.
void check_server_words(const ServerSpec& server, const std::string& place, Report& report);

}  // namespace quiesce::scenario
