// SPDX-License-Identifier: GPL-2.0-or-later
// One QEMU: its process, its sockets, its memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"
#include "harness/base/process.hpp"
#include "harness/base/result.hpp"
#include "harness/target/target.hpp"
#include "harness/vm/command_line.hpp"
#include "harness/vm/gdb.hpp"
#include "harness/vm/qmp.hpp"
#include "harness/vm/qtest.hpp"

namespace quiesce::vm {

class Machine {
 public:
  /// Starts QEMU stopped (-S) and connects QMP and the gdb stub. `disks`: device name -> image.
  /// Errors name what QEMU printed.
  static Result<std::unique_ptr<Machine>> launch(Loop& loop, const scenario::RunPlan& plan,
                                                 const std::filesystem::path& run_dir,
                                                 const std::map<std::string, int>& disks,
                                                 const ServerSockets& sockets,
                                                 target::Listener listener, TimePoint deadline);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Qmp& qmp() const { return *qmp_; }
  Gdb& gdb() const { return *gdb_; }
  Qtest& qtest() { return *qtest_; }
  const Process& process() const { return *process_; }
  const std::vector<std::string>& argv() const { return argv_; }

  /// Guest RAM, shared with QEMU; observe::GuestRam knows which address is where.
  int ram_fd() const { return ram_.get(); }
  Bytes ram_size() const { return ram_size_; }

  /// A PPM picture of the screen as it is now.
  Result<std::string> picture(TimePoint deadline);
  /// The same in two parts, for those who must not wait: ask, and fetch at least a moment later. An
  /// unfinished picture is fetched as it is.
  Result<void> ask_picture();
  Result<std::string> fetch_picture() const;

  Result<void> send_agent(std::string_view bytes);
  /// One Ethernet frame to a device with backend "net". Never waits: while a device takes nothing
  /// (its receive ring is used up) QEMU stops reading, and the frame is refused with Errc::timeout.
  Result<void> send_frame(const std::string& device, std::string_view frame);

  /// nullopt while it runs.
  std::optional<ExitStatus> exit_status();
  /// What QEMU wrote to its standard error, so far.
  std::string error_output() const;
  /// Gives the listener what was said and not heard yet; of a machine that has ended, its last
  /// words.
  void drain();
  /// QMP quit, SIGTERM, SIGKILL: the ladder. Returns when it is gone.
  ExitStatus stop();

 private:
  Machine(Loop& loop, target::Listener listener, Fd ram, Fd screen, Bytes ram_size);
  struct Channel;
  struct NetFramer;
  Result<void> connect(Fd qmp, Fd gdb, Fd qtest, TimePoint deadline);
  void add_channel(const std::string& name, Fd socket, std::function<void(std::string_view)> sink);
  void add_net(const std::string& device, Fd socket);
  void on_exit();

  Loop& loop_;
  target::Listener listener_;
  Fd ram_;
  Fd screen_;
  Bytes ram_size_;
  std::filesystem::path log_path_;
  std::vector<std::string> argv_;
  std::optional<Process> process_;
  std::unique_ptr<Qmp> qmp_;
  std::unique_ptr<Gdb> gdb_;
  std::unique_ptr<Qtest> qtest_;
  std::map<std::string, std::unique_ptr<Channel>> channels_;
  Loop::Watch exit_watch_;
};

}  // namespace quiesce::vm
