// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/bounded.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace {

/// How often the harness hears that the agent is alive, and that a thread that is gone is noticed.
constexpr Seconds told_every{5};
constexpr Seconds looked_every{1};

std::string task_file(pid_t thread, const char* name) {
  return fmt::format("/proc/self/task/{}/{}", thread, name);
}

/// "it waits in the kernel: msleep < e1000_probe", or what else can be said of the thread.
std::string place_of(pid_t thread) {
  const auto stack = read_file(task_file(thread, "stack"), 64U << 10);
  const std::string calls = stack ? innermost_calls(*stack) : std::string();
  if (!calls.empty()) return "it waits in the kernel: " + calls;
  const auto function = read_file(task_file(thread, "wchan"), 4U << 10);
  if (function && !trim(*function).empty() && trim(*function) != "0")
    return fmt::format("it waits in the kernel: {}", trim(*function));
  return "it runs, or waits outside the kernel";
}

/// By an oops: a thread of ours never ends before it has left its value.
bool is_gone(pid_t thread) {
  return thread != 0 && ::access(task_file(thread, "stat").c_str(), F_OK) != 0;
}

}  // namespace

std::string innermost_calls(std::string_view stack) {
  constexpr std::size_t most = 6;
  std::string calls;
  std::size_t named = 0;
  while (!stack.empty() && named < most) {
    const std::size_t end = stack.find('\n');
    std::string_view line = stack.substr(0, end);
    stack.remove_prefix(end == std::string_view::npos ? stack.size() : end + 1);
    // "[<0>] msleep+0x2d/0x40 [e1000]"
    if (const std::size_t at = line.find("] "); at != std::string_view::npos)
      line.remove_prefix(at + 2);
    const std::string_view name = trim(line.substr(0, line.find('+')));
    if (name.empty() || name.find("schedule") != std::string_view::npos) continue;
    // Where a request comes in: the same for all.
    if (name.starts_with("__x64_sys") || name.starts_with("do_syscall") ||
        name.starts_with("entry_"))
      break;
    calls += (calls.empty() ? "" : " < ") + std::string(name);
    ++named;
  }
  return calls;
}

Result<Json> carry_out(Link& link, const std::string& what, Seconds patience,
                       std::function<Result<Json>()> call) {
  const TimePoint began = system_clock().now();
  TimePoint told = began;
  Beside<Result<Json>> beside(std::move(call));
  for (;;) {
    const Seconds left = patience - (system_clock().now() - began);
    if (auto value = beside.wait(std::clamp(left, Seconds(0), looked_every)))
      return *std::move(value);
    const pid_t thread = beside.thread();
    const Seconds taken = system_clock().now() - began;
    if (is_gone(thread)) {
      // It may have ended after its value was looked for.
      if (auto value = beside.wait(Seconds(0))) return *std::move(value);
      return fail(Errc::closed, "the kernel ended the thread that was in {}, after {:.1f} s", what,
                  taken.count());
    }
    if (taken >= patience)
      return fail(Errc::timeout, "{} has not come back after {:.0f} s; {}", what, taken.count(),
                  place_of(thread));
    if (system_clock().now() - told < told_every) continue;
    told = system_clock().now();
    link.event(
        record::said::Waiting{.what = what, .seconds = taken.count(), .where = place_of(thread)});
  }
}

}  // namespace quiesce::agent
