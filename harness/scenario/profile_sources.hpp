// SPDX-License-Identifier: GPL-2.0-or-later
// Device profiles from everywhere: the shipped ones, folders of the user's, and --device.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/scenario/load.hpp"

namespace quiesce::scenario {

/// A folder of profiles, and who named it ("--devices", "QUIESCE_DEVICES").
struct ProfileFolder {
  std::filesystem::path path;
  std::string named_by;
};

/// What comes from outside. Of two profiles with one name the later wins: shipped, folders in their
/// order, files of --device.
struct ProfileSources {
  std::vector<ProfileFolder> folders;
  /// Words of --device: a file when it holds a '/' or ends in ".json", else a profile's name. The
  /// same word twice asks for two such devices.
  std::vector<std::string> devices;
};

struct ProfileSet {
  std::vector<Profile> profiles;
  std::vector<std::string> wanted;  ///< what the words of --device name, in their order
  /// Profile name -> its file, of those from outside.
  std::map<std::string, std::filesystem::path> files;
  /// A sentence for each profile that took the place of another.
  std::vector<std::string> notes;
};

/// Reads all that is named. Everything that is wrong, in one go: a broken file of a folder is an
/// error like one of --device; so are two files of --device with one name.
Loaded<ProfileSet> gather_profiles(std::vector<Profile> shipped, const ProfileSources& sources);

/// Whether it names a file: a '/' or ".json" is in no profile's name.
bool is_profile_file(const std::string& word);

/// The folders of a list as PATH has it: "a:b"; empty entries are left out.
std::vector<ProfileFolder> folders_of_list(std::string_view list, const std::string& named_by);

}  // namespace quiesce::scenario
