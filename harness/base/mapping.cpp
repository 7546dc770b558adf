// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/mapping.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

namespace quiesce {

Result<Mapping> Mapping::of_file(int fd, std::uint64_t size, Access access) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return fail_errno("cannot look at a file to map");
  // Touching a page beyond the end of a file is a SIGBUS, not an error.
  if (S_ISREG(about.st_mode) && static_cast<std::uint64_t>(about.st_size) < size)
    return fail(Errc::invalid_input, "cannot map {} bytes of a file of {}", size, about.st_size);
  const int protection = access == Access::read ? PROT_READ : PROT_READ | PROT_WRITE;
  void* at = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return fail_errno(fmt::format("cannot map {} bytes of a file", size));
  return Mapping(static_cast<std::byte*>(at), size);
}

Result<Mapping> Mapping::anonymous(std::uint64_t size) {
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return fail_errno(fmt::format("cannot map {} bytes of memory", size));
  return Mapping(static_cast<std::byte*>(at), size);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) ::munmap(data_, size_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace quiesce
