// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< exit code, when signal is 0; -1 when somebody else took the status
  int signal = 0;  ///< the signal that ended it, or 0

  bool ok() const { return code == 0 && signal == 0; }
  /// "exit code 1", "signal 9 (Killed)".
  std::string describe() const;
};

struct ProcessOptions {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH
  /// Descriptors the child gets, and no others: number in the child (from 3 on; 64 at most) ->
  /// ours.
  std::map<int, int> inherit;
  /// Where standard output and error go; nullopt is /dev/null. Standard input is /dev/null.
  std::optional<int> output;
  std::optional<int> error;
  std::vector<std::string> set_environment;  ///< "NAME=value", before ours of the same name
};

/// A child process in a process group of its own, held by a pidfd. It dies when the thread that
/// started it does (PR_SET_PDEATHSIG), kill -9 included, and is stopped when its owner goes. Once
/// it has ended, what it left behind in its group is killed. A moved-from Process may only be
/// destroyed or assigned to.
class Process {
 public:
  /// Puts SIGCHLD back to its default where it is ignored.
  /// Fails when the program cannot be started (not found, not executable): exec's own error is
  /// reported.
  static Result<Process> start(const ProcessOptions& options);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended.
  int pidfd() const { return pidfd_.get(); }

  /// The status once it has ended; nullopt while it runs. Can be asked again and again.
  std::optional<ExitStatus> poll();
  /// Waits at most `patience`.
  std::optional<ExitStatus> wait(Seconds patience);
  /// SIGTERM to the group, `patience`, then SIGKILL; returns when it is gone.
  ExitStatus stop(Seconds patience);
  /// Sends a signal to the process group.
  void signal(int number);
  /// CPU seconds (user and system) used so far by this process, 0 when it is gone.
  double cpu_seconds() const;

 private:
  Process(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  /// Takes the exit status and ends the rest of the group; `options` as of waitid(2).
  void reap(int options);
  pid_t pid_;
  Fd pidfd_;
  std::optional<ExitStatus> status_;
};

struct Captured {
  ExitStatus status;
  std::string output;
  std::string error;
};

/// Runs a program to its end and returns what it printed, at most 256 MiB a stream. `patience` ends
/// it with Errc::timeout; a signal that the caller holds back (interruption.hpp) with
/// `interrupted`.
Result<Captured> capture(const std::vector<std::string>& argv, Seconds patience = Seconds(60),
                         const std::vector<std::string>& set_environment = {});

/// The absolute path of `name` in PATH (also in /usr/sbin and /sbin), or not_found.
Result<std::filesystem::path> find_program(const std::string& name);

}  // namespace quiesce
