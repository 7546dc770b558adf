// SPDX-License-Identifier: GPL-2.0-or-later
// The option --format, from the registry of formats.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "reports/format.hpp"

namespace quiesce::cli {

inline constexpr const char* default_format = "text";

/// -f, --format NAME: one of those that are registered. Left alone when it is not given.
void add_format_option(CLI::App& command, std::string& format);

}  // namespace quiesce::cli
