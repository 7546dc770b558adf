// SPDX-License-Identifier: GPL-2.0-or-later
// From a run directory to its result.
#pragma once

#include <filesystem>

#include "harness/base/result.hpp"
#include "harness/checks/check.hpp"

namespace quiesce::dispatch {

struct Judged {
  checks::RunResult result;
  std::filesystem::path folder;  ///< absolute
};

/// Judges what a run of this process just left, whose manifest is its own, and writes result.json.
Result<Judged> judge_fresh(const std::filesystem::path& folder);

/// Whether result.json is replaced.
enum class Write { no, yes };
/// Judges old or foreign evidence.
Result<Judged> judge_again(const std::filesystem::path& folder, Write write);

/// The text of result.json.
std::string result_text(const checks::RunResult& result);

}  // namespace quiesce::dispatch
