// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/digest.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>

#include "harness/base/fd.hpp"

namespace quiesce::builder {

namespace {

constexpr std::time_t settled_seconds = 2;

/// What a changed file cannot have kept: the identity under which its digest is remembered.
std::string identity(const struct stat& status) {
  return fmt::format("{}:{}:{}:{}.{:09}:{}.{:09}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

bool settled(const struct stat& status) {
  const std::time_t now = std::time(nullptr);
  return status.st_mtim.tv_sec + settled_seconds < now &&
         status.st_ctim.tv_sec + settled_seconds < now;
}

}  // namespace

Digests Digests::load(const std::filesystem::path& memory) {
  nlohmann::json known;
  if (auto text = read_file(memory)) known = nlohmann::json::parse(*text, nullptr, false);
  if (!known.is_object()) known = nlohmann::json::object();
  return {memory, std::move(known)};
}

Result<std::string> Digests::of_file(const std::filesystem::path& path) {
  TRY_ASSIGN(Fd fd, open_file(path, O_RDONLY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat " + path.string());
  const std::string key = identity(status);
  if (const auto found = known_.find(key); found != known_.end() && found->is_string())
    return found->get<std::string>();
  TRY_ASSIGN(std::string digest, sha256_of(fd.get(), path));
  if (settled(status)) {
    known_[key] = digest;
    changed_ = true;
  }
  return digest;
}

Result<void> Digests::save() {
  if (!changed_) return {};
  changed_ = false;
  return replace_file(memory_, known_.dump(1));
}

}  // namespace quiesce::builder
