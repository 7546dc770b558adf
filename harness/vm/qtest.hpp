// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's qtest protocol beside a running accelerator: physical memory and I/O ports from outside.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/target/bus.hpp"

namespace quiesce::vm {

class Qtest final : public target::Bus {
 public:
  /// The peer must be QEMU's -qtest chardev.
  Qtest(Loop& loop, Fd socket);
  Result<std::uint32_t> in32(std::uint16_t port) override;
  Result<void> out32(std::uint16_t port, std::uint32_t value) override;
  Result<std::uint32_t> read32(GuestPhys at) override;
  Result<void> write32(GuestPhys at, std::uint32_t value) override;
  Result<std::vector<std::byte>> read(GuestPhys at, std::size_t size) override;

 private:
  /// One command, its "OK ..." reply without the OK.
  Result<std::string> ask(const std::string& command);
  void readable();

  Loop& loop_;
  Fd socket_;
  std::string buffer_;
  /// Answers that QEMU still has to give; all but the last are to commands that nobody waits for
  /// any more.
  std::size_t owed_ = 0;
  std::optional<Error> closed_;
  Loop::Watch watch_;
};

}  // namespace quiesce::vm
