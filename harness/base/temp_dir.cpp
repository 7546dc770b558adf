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
  std::error_code error;
  // Absolute, so that it is still the same folder after a change of the working directory.
  const auto place = std::filesystem::absolute(parent, error);
  if (error) return fail(Errc::io, "cannot find {}: {}", parent.string(), error.message());
  std::string name = (place / (prefix + "XXXXXX")).string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail_errno("cannot create a folder in " + parent.string());
  return TempDir(name);
}

TempDir::TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  if (this != &other) {
    remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TempDir::~TempDir() {
  remove();
}

void TempDir::remove() noexcept {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::keep() {
  return std::exchange(path_, {});
}

}  // namespace quiesce
