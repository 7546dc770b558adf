// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// A piece of mapped memory, unmapped with its owner.
class Mapping {
 public:
  enum class Access { read, read_write };

  /// Maps `size` bytes of `fd`, shared with its other users; invalid_input when the file is
  /// shorter. Whoever cuts the file afterwards ends us with SIGBUS.
  static Result<Mapping> of_file(int fd, std::uint64_t size, Access access);
  /// Private zeroed memory; pages are not touched yet.
  static Result<Mapping> anonymous(std::uint64_t size);
  Mapping(Mapping&&) noexcept;
  Mapping& operator=(Mapping&&) noexcept;
  ~Mapping();

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// Only of memory mapped with read_write.
  std::span<std::byte> writable() { return {data_, size_}; }
  std::uint64_t size() const { return size_; }

 private:
  Mapping(std::byte* data, std::uint64_t size) : data_(data), size_(size) {}
  std::byte* data_;
  std::uint64_t size_;
};

}  // namespace quiesce
