// SPDX-License-Identifier: GPL-2.0-or-later
// The registers of a reference model (harness/wire/model_registers.hpp), mapped into this process.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/mapping.hpp"
#include "harness/wire/model_registers.hpp"

namespace quiesce::agent {

/// "status", "ring_low": the name of the register at `offset`.
std::string register_name(std::uint32_t offset);

/// 32-bit accesses, each one on the bus. Any thread may use it.
class Bar {
 public:
  /// `resource` is the function's resource0 in sysfs.
  static Result<Bar> open(const std::filesystem::path& resource);

  /// nullopt when the mapping is void: the function was removed (kernfs then answers the fault with
  /// SIGBUS, fs/kernfs/file.c, kernfs_vma_fault). A device that does not answer reads all ones.
  std::optional<std::uint32_t> read(std::uint32_t offset) const;
  /// Reads it `times` times, one right after the other, unless `over` becomes true; how often it
  /// was. nullopt as read().
  std::optional<std::uint64_t> read_often(std::uint32_t offset, std::uint64_t times,
                                          const std::atomic<bool>& over) const;
  /// False when the mapping is void.
  bool write(std::uint32_t offset, std::uint32_t value);

  /// As read(); a void mapping is Errc::closed.
  Result<std::uint32_t> get(std::uint32_t offset) const;
  Result<std::uint64_t> get64(std::uint32_t low) const;
  Result<void> set(std::uint32_t offset, std::uint32_t value);
  Result<void> set64(std::uint32_t low, std::uint64_t value);
  /// set(), and reads it back: the error names the register and what it holds instead.
  Result<void> set_checked(std::uint32_t offset, std::uint32_t value);

 private:
  explicit Bar(Mapping mapping) : mapping_(std::move(mapping)) {}
  const volatile std::uint32_t* at(std::uint32_t offset) const;
  Mapping mapping_;
};

}  // namespace quiesce::agent
