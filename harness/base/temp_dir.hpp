// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.hpp"

namespace quiesce {

/// A fresh folder of mode 0700 that goes, with all in it, when its owner goes.
class TempDir {
 public:
  /// Below $TMPDIR or /tmp, or below `parent` where one is given.
  static Result<TempDir> create(const std::string& prefix = "quiesce-");
  static Result<TempDir> create_in(const std::filesystem::path& parent,
                                   const std::string& prefix = "quiesce-");
  TempDir(TempDir&&) noexcept;
  TempDir& operator=(TempDir&&) noexcept;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }
  /// Lets the folder stay.
  std::filesystem::path keep();

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  void remove() noexcept;
  std::filesystem::path path_;
};

}  // namespace quiesce
