// SPDX-License-Identifier: GPL-2.0-or-later
// The machine of a run, whatever it is: two serial lines, and what else it can do. Who drives a run
// speaks to this and to nothing below it.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/core_time.hpp"
#include "harness/base/process.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/target/bus.hpp"
#include "harness/target/capabilities.hpp"

namespace quiesce::target {

/// Who wants to hear of what the target says unasked. None may be empty.
struct Listener {
  /// An event of the machine's own, and its data: "SHUTDOWN", "RESET".
  std::function<void(const std::string& name, const nlohmann::json& data)> on_event;
  std::function<void(std::string_view bytes)> on_console;
  std::function<void(std::string_view bytes)> on_agent;
  std::function<void(const std::string& device, std::string_view frame)> on_frame;
  std::function<void(const ExitStatus&)> on_exit;
};

/// What a target is, for the evidence.
struct Identity {
  std::string kind;               ///< "qemu", "serial"
  std::string version;            ///< empty: it has none
  std::int64_t pid = 0;           ///< 0: it is no process
  std::vector<std::string> argv;  ///< how it was started, when it is a process
};

/// One CPU, where it is now.
struct CpuState {
  int index = 0;
  GuestVirt rip;
  GuestVirt rsp;
  bool halted = false;
};

/// All of the guest's memory, as a file that shows what is in it now.
struct SharedMemory {
  int fd = -1;  ///< the target's
  Bytes size;
};

/// A PCI Express error, as the root port above a device reports it.
enum class BusError { fatal, nonfatal, correctable };

/// Operations are grouped by the capability that they need; without it they fail with
/// Errc::unsupported and do nothing. A target that is gone fails with Errc::closed, one that does
/// not answer by the deadline with Errc::timeout.
class Target {
 public:
  virtual ~Target() = default;

  virtual Capabilities capabilities() const = 0;
  bool can(Capability capability) const { return capabilities().has(capability); }
  virtual Identity identity() const = 0;

  // Every target.

  /// Lets the machine run, first and after each halt(); one that runs already goes on.
  virtual Result<void> run() = 0;
  virtual Result<void> send_agent(std::string_view bytes) = 0;
  /// Gives the listener what was said and not heard yet; of a machine that has ended, its last
  /// words.
  virtual void drain() = 0;
  /// Whether it can still be spoken to.
  virtual bool connected() const = 0;
  /// nullopt while it runs, and of a target that does not end.
  virtual std::optional<ExitStatus> exit_status() = 0;
  /// What it complained of, for an error.
  virtual std::string complaints() const = 0;
  /// CPU time that it has used on this host so far.
  virtual double cpu_seconds() const = 0;
  /// What it had of this host's processors and what it waited for them so far; nullopt where nobody
  /// counts, or where it runs elsewhere.
  virtual std::optional<CoreTime> core_time() { return std::nullopt; }
  /// Ends it, or lets it go when it cannot be ended. How it ended.
  virtual ExitStatus end() = 0;

  // Capability::stop

  /// Asks it to stop; halted() says when it has.
  virtual Result<void> halt(TimePoint deadline);
  virtual bool halted() const { return false; }
  /// It was halted by the breakpoint and by nothing else.
  virtual bool at_breakpoint() const { return false; }
  virtual Result<void> set_breakpoint(GuestVirt at, TimePoint deadline);
  virtual Result<void> clear_breakpoint(GuestVirt at, TimePoint deadline);

  // Capability::registers; the machine may run

  virtual Result<std::vector<CpuState>> cpus(TimePoint deadline);
  /// Where a virtual address of the first CPU lies; nullopt: nowhere.
  virtual Result<std::optional<GuestPhys>> physical(GuestVirt at, TimePoint deadline);

  // Capability::read_memory and Capability::configuration

  /// Valid as long as the target.
  virtual Result<Bus*> bus();

  // Capability::watch_memory

  virtual Result<SharedMemory> memory();

  // Capability::keys; names as QEMU's QKeyCode has them

  /// Pressed together, and let go.
  virtual Result<void> press(const std::vector<std::string>& keys, TimePoint deadline);
  /// An absolute position, both axes from 0 to 32767. Does not wait.
  virtual Result<void> move_pointer(int x, int y);

  // Capability::trace

  /// Whether the trace has interrupts that reach the CPUs, too: many, so only for a while. One that
  /// cannot tell of them traces none, and that is no failure.
  virtual Result<void> trace_interrupts(bool on, TimePoint deadline);

  // Capability::nmi

  virtual Result<void> inject_nmi(TimePoint deadline);

  // Capability::bus_errors; does not wait

  virtual Result<void> report_bus_error(const std::string& port, BusError error);

  // Capability::screen

  /// Writes the screen as it is now into a PNG file.
  virtual Result<void> save_picture(const std::string& path, TimePoint deadline);
  /// The same as the bytes of a PPM file.
  virtual Result<std::string> picture(TimePoint deadline);
  /// That in two parts, for those who must not wait: ask, and fetch at least a moment later. An
  /// unfinished picture is fetched as it is.
  virtual Result<void> ask_picture();
  virtual Result<std::string> fetch_picture() const;

  // Capability::frames

  /// One Ethernet frame to a network device. Never waits: a device that takes nothing now is
  /// Errc::timeout.
  virtual Result<void> send_frame(const std::string& device, std::string_view frame);
};

}  // namespace quiesce::target
