// SPDX-License-Identifier: GPL-2.0-or-later
// The store on disk: items that appear whole or not at all, shared by processes that know nothing
// of each other.
//
//   kernels/KEY/   boot/, lib/modules/, item.json     KEY: SHA-256 over those of the packages
//   images/KEY/    initramfs, item.json               KEY: SHA-256 over the list of contents
//   tools/NAME/    as its package has it, item.json
//   names/NAME     the KEY of a kernel that was fetched by that name
//   configs/SHA    configuration found inside the bzImage of that SHA-256; an empty file: it has
//   none digests.json   see digest.hpp tmp/           items that are being made; each folder is
//   locked (flock) by its maker
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::builder {

inline constexpr const char* item_file = "item.json";

/// An item that is being made. It vanishes with its owner unless it is published; what a killed
/// process left is removed by the next one that makes an item.
class Draft {
 public:
  static Result<Draft> create(const Store& store);

  const std::filesystem::path& path() const { return folder_.path(); }
  /// Writes `facts` as item.json and renames the folder to `place`. When another process was
  /// faster, its item stays and this one goes; an item there without a readable item.json is
  /// replaced.
  Result<void> publish(const std::filesystem::path& place, const nlohmann::json& facts);

 private:
  Draft(TempDir folder, Fd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  TempDir folder_;
  Fd lock_;
};

/// The item.json of a complete item; nullopt when there is no such item or it is not whole.
std::optional<nlohmann::json> item_facts(const std::filesystem::path& place);

/// A string member of a JSON object, or empty: what is in the store may have been damaged.
std::string text_of(const nlohmann::json& object, const char* member);

/// Removes the folders in tmp/ whose makers are gone.
void sweep(const Store& store);

/// What the folder holds, sorted; nothing when it cannot be read.
std::vector<std::filesystem::path> sorted_entries(const std::filesystem::path& folder);

/// A file name for any text: what is not [A-Za-z0-9.+-] becomes "_XX" (hexadecimal).
std::string file_name_for(const std::string& text);
/// The text that a file was named for.
std::string text_of_file_name(const std::string& name);

}  // namespace quiesce::builder
