// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's gdb stub: only what the handover needs. The stub stops the machine when one connects.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"

namespace quiesce::vm {

/// Reads packets ($...#cc, with acknowledgements between) out of bytes in any pieces. Separate from
/// Gdb to be fuzzed.
class GdbReader {
 public:
  struct Packet {
    std::string body;  ///< run-length encoding undone
    bool checksum_ok = true;
  };
  std::vector<Packet> feed(std::string_view bytes);

 private:
  std::string pending_;
};

/// "$body#cc"
std::string gdb_packet(std::string_view body);

class Gdb {
 public:
  /// Connects and asks for the state; the machine is stopped afterwards.
  static Result<std::unique_ptr<Gdb>> connect(Loop& loop, Fd socket, TimePoint deadline);
  Gdb(const Gdb&) = delete;
  Gdb& operator=(const Gdb&) = delete;

  /// A hardware breakpoint (Z1), which needs no write to guest memory.
  Result<void> set_breakpoint(GuestVirt at, TimePoint deadline);
  Result<void> clear_breakpoint(GuestVirt at, TimePoint deadline);
  /// Lets the machine run; a stop from here on is reported by stopped().
  Result<void> go();
  /// The stop reply ("T05thread:...") since go(), nullopt while it runs.
  const std::optional<std::string>& stopped() const { return stop_; }
  /// Whether that stop was a breakpoint's (SIGTRAP, "T05"): a `stop` of QMP is SIGINT and a guest
  /// that reset or powered off SIGQUIT (QEMU's gdbstub, gdb_vm_state_change).
  bool at_breakpoint() const { return stop_ && stop_->starts_with("T05"); }
  bool connected() const { return !closed_; }

 private:
  Gdb(Loop& loop, Fd socket);
  void readable();
  Result<std::string> ask(const std::string& body, TimePoint deadline);

  Loop& loop_;
  Fd socket_;
  GdbReader reader_;
  std::deque<std::string> replies_;
  bool running_ = false;
  std::optional<std::string> stop_;
  std::optional<Error> closed_;
  Loop::Watch watch_;
};

}  // namespace quiesce::vm
