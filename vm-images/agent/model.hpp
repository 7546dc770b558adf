// SPDX-License-Identifier: GPL-2.0-or-later
// The userspace driver of the reference models (harness/wire/model_registers.hpp).
#pragma once

#include <cstdint>
#include <memory>

#include "harness/base/mapping.hpp"
#include "vm-images/agent/function.hpp"
#include "vm-images/agent/work.hpp"

namespace quiesce::agent {

/// The registers of one model, mapped.
class ModelRegisters {
 public:
  /// Enables the function (memory decoding, Bus Master) and maps its BAR 0. protocol: what answers
  /// there is no model.
  static Result<ModelRegisters> open(const Function& function);
  std::uint32_t read(std::uint32_t offset) const;
  void write(std::uint32_t offset, std::uint32_t value);
  void write_wide(std::uint32_t offset, std::uint64_t value);
  std::uint64_t sequence() const;

 private:
  explicit ModelRegisters(Mapping mapping) : mapping_(std::move(mapping)) {}
  Mapping mapping_;
};

/// Memory that a device can write into: it stays where it is. A huge page where the kernel gives
/// one, else pages of 4 KiB of which only the first is used.
class DmaMemory {
 public:
  static Result<DmaMemory> create(std::uint64_t bytes);
  DmaMemory(DmaMemory&&) noexcept;
  DmaMemory& operator=(DmaMemory&&) = delete;
  ~DmaMemory();
  std::uint64_t address() const { return address_; }
  /// At most what create() was asked for.
  std::uint64_t size() const { return size_; }
  std::byte* data() { return data_; }

 private:
  DmaMemory() = default;
  std::byte* data_ = nullptr;
  std::uint64_t mapped_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t address_ = 0;
};

/// The physical address in an entry of /proc/PID/pagemap
/// (Documentation/admin-guide/mm/pagemap.rst): nullopt when the page is not there or the reader may
/// not know.
std::optional<std::uint64_t> physical_address(std::uint64_t entry, std::uint64_t virtual_address);

/// The answer to `model-state`.
Result<Json> model_state(const Request& request);

}  // namespace quiesce::agent
