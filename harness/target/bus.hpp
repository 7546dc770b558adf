// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/target/architecture.hpp"

namespace quiesce::target {

/// Physical memory and I/O ports of a machine, from outside. Whoever uses ports needs the machine
/// stopped: they have state.
class Bus {
 public:
  virtual ~Bus() = default;
  virtual Result<std::uint32_t> in32(std::uint16_t port) = 0;
  virtual Result<void> out32(std::uint16_t port, std::uint32_t value) = 0;
  virtual Result<std::uint32_t> read32(GuestPhys at) = 0;
  virtual Result<void> write32(GuestPhys at, std::uint32_t value) = 0;
  /// Bytes as the CPU would read them (memory, or a memory-mapped window).
  virtual Result<std::vector<std::byte>> read(GuestPhys at, std::size_t size) = 0;
  /// How configuration space is reached on it.
  virtual const ConfigurationAccess& configuration_access() const {
    return default_architecture().configuration;
  }
};

}  // namespace quiesce::target
