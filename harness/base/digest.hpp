// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256. A library of its own: the program inside the guest links base, and must not carry
// libcrypto with it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "harness/base/result.hpp"

namespace quiesce {

/// One running digest.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(const void* bytes, std::size_t size);
  /// Lower-case hexadecimal, 64 digits. Ends the digest.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string sha256(std::string_view bytes);
/// Of what is read from `fd` up to its end; `path` is for the error. io when it cannot be read.
Result<std::string> sha256_of(int fd, const std::filesystem::path& path);

}  // namespace quiesce
