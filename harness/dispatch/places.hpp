// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>

#include "harness/base/result.hpp"
#include "harness/scenario/profile_sources.hpp"

namespace quiesce::dispatch {

/// Where the files lie that come with the program: beside the sources when it runs from a build
/// folder, else below the installation's share/quiesce. $QUIESCE_DATA wins.
struct Places {
  std::filesystem::path catalog;    ///< devices/catalog
  std::filesystem::path scenarios;  ///< scenarios
  std::filesystem::path agent;      ///< the guest agent's binary

  /// Fails with not_found that names what is missing and the remedy.
  static Result<Places> find();
};

/// $QUIESCE_DATA; null when it is not set, or empty.
const char* chosen_data();

/// A scenario as given: a path, or the name of a shipped one ("first-run").
Result<std::filesystem::path> find_scenario(const Places& places, const std::string& given);

/// What --devices and --device name, with the folders of $QUIESCE_DEVICES before them.
scenario::ProfileSources profile_sources(const std::vector<std::string>& folders,
                                         const std::vector<std::string>& devices = {});
/// The catalog, the reference models, and what comes from outside.
Result<scenario::ProfileSet> all_profiles(const Places& places,
                                          const scenario::ProfileSources& sources);
/// Profiles and checks for the scenario loader.
scenario::Vocabulary vocabulary(std::vector<scenario::Profile> profiles);

/// All diagnostics as one error, a line each.
Error as_error(const std::vector<scenario::Diagnostic>& diagnostics);

}  // namespace quiesce::dispatch
