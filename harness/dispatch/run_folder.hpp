// SPDX-License-Identifier: GPL-2.0-or-later
// Where the evidence of a run goes.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.hpp"

namespace quiesce::dispatch {

/// Which of how many runs it is, from 1 on.
struct Place {
  std::size_t number = 1;
  std::size_t count = 1;
};

/// `out` for one run; for several, a numbered folder inside it. Without `out` below runs/, named by
/// `stamp`.
std::filesystem::path folder_of(const std::filesystem::path& out, std::string scenario, Place place,
                                const std::string& stamp);

/// "20261123-080034-4711": local time and the number of this process.
std::string stamp_of_now();

/// A folder that must be empty and writable is looked at before minutes are spent on images.
Result<void> check_folder(const std::filesystem::path& folder);

}  // namespace quiesce::dispatch
