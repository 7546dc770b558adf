// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/mapping.hpp"

#include <sys/mman.h>

#include <utility>

namespace quiesce {

Result<Mapping> Mapping::of_file(int fd, std::uint64_t size, Access access) {
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
