// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/core_time.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "harness/base/fd.hpp"
#include "harness/base/units.hpp"

namespace quiesce {

namespace {

std::optional<CoreTime> time_of_thread(const std::filesystem::path& thread) {
  const auto text = read_file(thread / "schedstat");
  if (!text) return std::nullopt;
  constexpr double second = 1e9;
  std::istringstream fields(*text);
  CoreTime time;
  if (!(fields >> time.had_s >> time.waited_s)) return std::nullopt;
  return CoreTime{time.had_s / second, time.waited_s / second};
}

void add(CoreTime& to, const CoreTime& time) {
  to.had_s += time.had_s;
  to.waited_s += time.waited_s;
}

}  // namespace

std::optional<CoreTime> CoreClock::read() {
  std::map<pid_t, CoreTime> threads;
  std::error_code gone;
  const std::filesystem::path tasks = fmt::format("/proc/{}/task", process_);
  for (std::filesystem::directory_iterator task(tasks, gone), end; !gone && task != end;
       task.increment(gone)) {
    const auto number = parse_number(task->path().filename().string());
    const auto time = time_of_thread(task->path());
    if (number && time) threads[static_cast<pid_t>(*number)] = *time;
  }
  if (threads.empty()) return std::nullopt;
  for (const auto& [thread, time] : threads) {
    CoreTime& before = threads_[thread];
    // The number has become another thread's.
    if (time.had_s < before.had_s) add(ended_, before);
    before = time;
  }
  CoreTime sum = ended_;
  for (const auto& [thread, time] : threads_) add(sum, time);
  return sum;
}

}  // namespace quiesce
