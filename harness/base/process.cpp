// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace quiesce {

namespace {

/// Runs in the child between fork and exec: only what is safe there.
[[noreturn]] void become(const ProcessOptions& options, char* const* argv, char* const* environment,
                         pid_t parent, int null, int report) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // the parent died before prctl: nobody would end us
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);

  // Move everything out of the way of the numbers that are wanted first.
  int highest = 2;
  for (const auto& [wanted, ours] : options.inherit) highest = wanted > highest ? wanted : highest;
  const int base = highest + 1;
  const int moved_report = ::fcntl(report, F_DUPFD_CLOEXEC, base);
  const int out = ::fcntl(options.output.value_or(null), F_DUPFD_CLOEXEC, base);
  const int err = ::fcntl(options.error.value_or(null), F_DUPFD_CLOEXEC, base);
  const int in = ::fcntl(null, F_DUPFD_CLOEXEC, base);
  bool ok = moved_report >= 0 && out >= 0 && err >= 0 && in >= 0;
  constexpr int most = 64;
  int moved[most];
  int count = 0;
  for (const auto& [wanted, ours] : options.inherit) {
    if (count == most) ok = false;
    if (!ok) break;
    moved[count++] = ::fcntl(ours, F_DUPFD_CLOEXEC, base);
  }
  count = 0;
  for (const auto& [wanted, ours] : options.inherit) {
    if (!ok) break;
    ok = ::dup2(moved[count++], wanted) >= 0;
  }
  ok = ok && ::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0;
  if (ok) ::execvpe(argv[0], argv, environment);
  const int why = errno;
  if (moved_report >= 0) (void)!::write(moved_report, &why, sizeof why);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (auto& text : strings) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exit code {}", code);
}

Result<Process> Process::start(const ProcessOptions& options) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  Fd report_read = Fd::adopt(pipe_ends[0]);
  Fd report_write = Fd::adopt(pipe_ends[1]);
  TRY_ASSIGN(Fd null, open_file("/dev/null", O_RDWR));

  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = options.set_environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  auto argv_pointers = pointers(argv);
  auto environment_pointers = pointers(environment);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork");
  if (pid == 0)
    become(options, argv_pointers.data(), environment_pointers.data(), parent, null.get(),
           report_write.get());
  report_write = std::move(null);  // closes our end of the pipe

  int why = 0;
  const ssize_t got = ::read(report_read.get(), &why, sizeof why);
  const int raw = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (got == sizeof why || raw < 0) {
    if (raw >= 0) ::close(raw);
    const int pidfd_error = errno;
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail_errno("cannot start " + options.argv.at(0), got == sizeof why ? why : pidfd_error);
  }
  return Process(pid, Fd::adopt(raw));
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (pid_ != 0) stop(Seconds(2));
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() {
  if (pid_ != 0) stop(Seconds(2));
}

std::optional<ExitStatus> Process::poll() {
  return wait(Seconds(0));
}

std::optional<ExitStatus> Process::wait(Seconds patience) {
  if (status_) return status_;
  pollfd wait{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
  if (patience.count() > 0) ::poll(&wait, 1, static_cast<int>(patience.count() * 1000));
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = decode(status);
  return status_;
}

void Process::signal(int number) {
  if (!status_) ::kill(-pid_, number);
}

ExitStatus Process::stop(Seconds patience) {
  if (!poll()) {
    signal(SIGTERM);
    signal(SIGCONT);
    wait(patience);
  }
  if (!status_) {
    signal(SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = decode(status);
  }
  return *status_;
}

double Process::cpu_seconds() const {
  auto text = read_file(fmt::format("/proc/{}/stat", pid_));
  if (!text) return 0;
  // proc(5): utime and stime are fields 14 and 15; the second, in parentheses, may hold blanks.
  std::istringstream fields(text->substr(text->rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Result<Captured> capture(const std::vector<std::string>& argv, Seconds patience,
                         const std::vector<std::string>& set_environment) {
  int out_ends[2];
  int err_ends[2];
  if (::pipe2(out_ends, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  Fd out_read = Fd::adopt(out_ends[0]);
  Fd out_write = Fd::adopt(out_ends[1]);
  if (::pipe2(err_ends, O_CLOEXEC) != 0) return fail_errno("cannot create a pipe");
  Fd err_read = Fd::adopt(err_ends[0]);
  Fd err_write = Fd::adopt(err_ends[1]);

  TRY_ASSIGN(Process process, Process::start({.argv = argv,
                                              .inherit = {},
                                              .output = out_write.get(),
                                              .error = err_write.get(),
                                              .set_environment = set_environment}));
  { Fd closed = std::move(out_write); }
  { Fd closed = std::move(err_write); }

  Captured captured;
  const TimePoint deadline = system_clock().now() + patience;
  pollfd ends[2] = {{.fd = out_read.get(), .events = POLLIN, .revents = 0},
                    {.fd = err_read.get(), .events = POLLIN, .revents = 0}};
  std::string* texts[2] = {&captured.output, &captured.error};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const Seconds left = deadline - system_clock().now();
    if (left.count() <= 0) {
      process.stop(Seconds(1));
      return fail(Errc::timeout, "{} did not end within {:.0f} s", argv.at(0), patience.count());
    }
    if (::poll(ends, 2, static_cast<int>(left.count() * 1000) + 1) < 0 && errno != EINTR)
      return fail_errno("cannot wait for " + argv.at(0));
    for (int end = 0; end < 2; ++end) {
      if (ends[end].fd < 0 || ends[end].revents == 0) continue;
      auto got = read_some(ends[end].fd);
      if (got)
        *texts[end] += *got;
      else
        ends[end].fd = -1;
    }
  }
  captured.status =
      process.wait(deadline - system_clock().now()).value_or(process.stop(Seconds(1)));
  return captured;
}

Result<std::filesystem::path> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (::access(name.c_str(), X_OK) != 0) return fail_errno("cannot run " + name);
    return std::filesystem::absolute(name);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") +
                             ":/usr/sbin:/sbin:/usr/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::filesystem::path candidate = std::filesystem::path(folder) / name;
    std::error_code error;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0 &&
        std::filesystem::is_regular_file(candidate, error))
      return candidate;
  }
  return fail(Errc::not_found, "there is no program {} in PATH", name);
}

}  // namespace quiesce
