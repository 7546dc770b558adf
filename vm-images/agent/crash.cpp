// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/crash.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/reboot.h>
#include <unistd.h>

#include <charconv>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/wire/panic.hpp"

namespace quiesce::agent {

namespace {

Result<void> write_file(const char* path, std::string_view text) {
  TRY_ASSIGN(const Fd fd, open_file(path, O_WRONLY));
  return write_all(fd.get(), text);
}

/// The way that the request names, allowed by the kernel.
Result<const wire::PanicWay*> set_up(const Request& request) {
  TRY_ASSIGN(const std::string name, request.text(&ask::Panic::method));
  const auto* way = wire::find_panic(name);
  if (way == nullptr) return fail(Errc::invalid_input, "there is no panic method {}", name);
  if (way->allowed_by != nullptr) TRY(write_file(way->allowed_by, "1"));
  return way;
}

/// All threads, not only this one: the kernel panics on the CPU of the last thread of init that
/// exits.
Result<void> pin_to(std::uint64_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  std::error_code error;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
       !error && task != end; task.increment(error)) {
    const std::string name = task->path().filename();
    pid_t thread = 0;
    std::from_chars(name.data(), name.data() + name.size(), thread);
    if (::sched_setaffinity(thread, sizeof set, &set) != 0)
      return fail_errno(fmt::format("cannot move to CPU {}", cpu));
  }
  return {};
}

}  // namespace

Result<Json> load_capture_kernel(const Request& request) {
  TRY_ASSIGN(const std::string command_line, request.text(&ask::KexecLoad::command_line));
  TRY_ASSIGN(const double patience, request.number(&ask::KexecLoad::seconds, 180, 1, 3600));
  const double began = guest_seconds();
  TRY_ASSIGN(const Captured captured,
             capture({"/sbin/kexec", "-s", "-p", "--initrd=/capture/initramfs",
                      "--append=" + command_line, "/capture/kernel"},
                     Seconds(patience)));
  std::string output = printable(captured.output + captured.error);
  if (!captured.status.ok()) output += "(" + captured.status.describe() + ")";
  const auto loaded = read_file("/sys/kernel/kexec_crash_loaded");
  return record::as_json(answer::KexecLoad{.loaded = loaded && trim(*loaded) == "1",
                                           .output = output,
                                           .seconds = guest_seconds() - began});
}

Result<Json> prepare_panic(const Request& request) {
  TRY_ASSIGN(const auto* way, set_up(request));
  return record::as_json(answer::PanicPrepare{way->name});
}

Result<Json> panic(Link& link, const Request& request) {
  TRY_ASSIGN(const auto* way, set_up(request));
  if (!way->by_agent()) return fail(Errc::invalid_input, "the harness itself does {}", way->name);
  if (request.has(&ask::Panic::cpu)) {
    TRY_ASSIGN(const std::uint64_t cpu, request.whole(&ask::Panic::cpu, 0, 0, CPU_SETSIZE - 1));
    TRY(pin_to(cpu));
  }
  link.drain();
  if (way->by == wire::PanicWay::By::agent_exits) ::_exit(0);
  TRY(write_file(way->what, way->with));
  return fail(Errc::internal, "the machine lives on");
}

Result<Json> power_off(Link& link, const Request&) {
  ::sync();
  link.drain();
  ::reboot(RB_POWER_OFF);
  return fail_errno("cannot power off");
}

}  // namespace quiesce::agent
