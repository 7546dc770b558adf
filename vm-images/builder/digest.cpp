// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <memory>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"

namespace quiesce::builder {

namespace {

constexpr std::time_t settled_seconds = 2;

/// One running digest. EVP can only fail here when memory is out or the library is broken.
class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void add(const void* bytes, std::size_t size) { EVP_DigestUpdate(context_.get(), bytes, size); }
  std::string hex() {
    std::array<std::byte, 32> digest{};
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return to_hex(digest);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

Result<std::string> digest_of(int fd, const std::filesystem::path& path) {
  Sha256 digest;
  std::vector<char> chunk(1U << 20);
  for (;;) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + path.string());
    if (got == 0) return digest.hex();
    digest.add(chunk.data(), static_cast<std::size_t>(got));
  }
}

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

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes.data(), bytes.size());
  return digest.hex();
}

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
  TRY_ASSIGN(std::string digest, digest_of(fd.get(), path));
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
