// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256 of large files, which are remembered.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/base/digest.hpp"
#include "harness/base/result.hpp"

namespace quiesce::builder {

/// Digests of files by what stat(2) says of them (device, inode, size, mtime, ctime), so that a
/// package of 100 MB is read once and not at every run. A file that changed within the last two
/// seconds is not remembered: a later change could leave the same times.
class Digests {
 public:
  /// `memory`: the JSON file that holds them. Missing or damaged means that nothing is known.
  static Digests load(const std::filesystem::path& memory);

  Result<std::string> of_file(const std::filesystem::path& path);
  /// Writes what was learned. Another process's knowledge may get lost: it is only a cache.
  Result<void> save();

 private:
  Digests(std::filesystem::path memory, nlohmann::json known)
      : memory_(std::move(memory)), known_(std::move(known)) {}
  std::filesystem::path memory_;
  nlohmann::json known_;
  bool changed_ = false;
};

}  // namespace quiesce::builder
