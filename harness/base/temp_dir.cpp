// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/temp_dir.hpp"

#include <cstdlib>
#include <utility>

namespace quiesce {

Result<TempDir> TempDir::create(const std::string& prefix) {
  const char* chosen = std::getenv("TMPDIR");
  return create_in(chosen != nullptr && *chosen != '\0' ? chosen : "/tmp", prefix);
}

Result<TempDir> TempDir::create_in(const std::filesystem::path& parent, const std::string& prefix) {
  std::string name = (parent / (prefix + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail_errno("cannot create a folder in " + parent.string());
  return TempDir(name);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::keep() {
  return std::exchange(path_, {});
}

}  // namespace quiesce
