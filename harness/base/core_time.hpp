// SPDX-License-Identifier: GPL-2.0-or-later
// What a process had of this machine's processors, and what it waited for them.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>

namespace quiesce {

/// Of all threads of a process together since they began, so either may grow faster than the clock.
struct CoreTime {
  double had_s = 0;     ///< seconds on a processor
  double waited_s = 0;  ///< seconds ready to run, while others had the processors
};

/// Counts for one process. What ended threads had when they were read last stays counted.
class CoreClock {
 public:
  explicit CoreClock(pid_t process) : process_(process) {}

  /// nullopt when the kernel does not count (CONFIG_SCHED_INFO) or the process is gone. Source:
  /// the first two numbers of /proc/PID/task/TID/schedstat
  /// (Documentation/scheduler/sched-stats.rst).
  std::optional<CoreTime> read();

 private:
  pid_t process_;
  std::map<pid_t, CoreTime> threads_;  ///< as they were read last, ended ones too
  CoreTime ended_;                     ///< of those whose number another thread has now
};

}  // namespace quiesce
