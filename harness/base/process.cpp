// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/process.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "harness/base/interruption.hpp"

namespace quiesce {

namespace {

constexpr std::size_t most_inherited = 64;

/// The child's end of start(): what become() needs, made before fork.
struct Child {
  const ProcessOptions& options;
  char* const* argv;
  char* const* environment;
  pid_t parent;
  int null;
  int report;  ///< errno goes there when exec fails
};

/// Gives the child its descriptors. False with errno set when one cannot be had.
bool arrange_descriptors(const Child& child, int& report) {
  const auto& options = child.options;
  // Move everything out of the way of the numbers that are wanted first.
  int base = 3;
  for (const auto& [wanted, ours] : options.inherit) base = std::max(base, wanted + 1);
  report = ::fcntl(child.report, F_DUPFD_CLOEXEC, base);
  if (report < 0) return false;
  const int in = ::fcntl(child.null, F_DUPFD_CLOEXEC, base);
  const int out = ::fcntl(options.output.value_or(child.null), F_DUPFD_CLOEXEC, base);
  const int err = ::fcntl(options.error.value_or(child.null), F_DUPFD_CLOEXEC, base);
  if (in < 0 || out < 0 || err < 0) return false;
  std::array<int, most_inherited> moved{};
  std::size_t count = 0;
  for (const auto& [wanted, ours] : options.inherit) {
    const int copy = ::fcntl(ours, F_DUPFD_CLOEXEC, base);
    if (copy < 0) return false;
    moved.at(count++) = copy;
  }
  // What we got from whoever started us is not the child's. An old kernel cannot: then it leaks.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  count = 0;
  for (const auto& [wanted, ours] : options.inherit)
    if (::dup2(moved.at(count++), wanted) < 0) return false;
  return ::dup2(in, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0;
}

/// Runs in the child between fork and exec: only what is safe there.
[[noreturn]] void become(const Child& child) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(127);  // it died before prctl: nobody would end us
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  int report = -1;
  if (arrange_descriptors(child, report)) ::execvpe(child.argv[0], child.argv, child.environment);
  const int why = errno;
  (void)!::write(report >= 0 ? report : child.report, &why, sizeof why);
  ::_exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (auto& text : strings) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

/// Ours with `set` in the place of what has the same name: of two, shells take the last.
std::vector<std::string> environment_with(const std::vector<std::string>& set) {
  std::vector<std::string> list = set;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view ours = *entry;
    const std::string_view name = ours.substr(0, ours.find('='));
    const auto same_name = [&](const std::string& other) {
      return other.size() > name.size() && other[name.size()] == '=' && other.starts_with(name);
    };
    if (std::ranges::none_of(set, same_name)) list.emplace_back(ours);
  }
  return list;
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

/// waitpid that is not disturbed by a signal's handler.
pid_t wait_for(pid_t pid, int& status, int options) {
  for (;;) {
    const pid_t found = ::waitpid(pid, &status, options);
    if (found >= 0 || errno != EINTR) return found;
  }
}

/// Who ignores SIGCHLD hands that down to us, and then the kernel throws exit statuses away.
void let_children_be_waited_for() {
  struct sigaction now {};
  if (::sigaction(SIGCHLD, nullptr, &now) == 0 &&
      (now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT) != 0))
    ::signal(SIGCHLD, SIG_DFL);
}

/// Milliseconds for poll(2): not less than `time`, at most an hour.
int poll_milliseconds(Seconds time) {
  return static_cast<int>(std::ceil(std::clamp(time.count(), 0.0, 3600.0) * 1000));
}

/// Closes `fd` now rather than at the end of its scope.
void close_now(Fd fd) {
  (void)fd;
}

/// The errno that the child reported, 0 when exec closed the pipe instead.
int read_report(const Fd& pipe) {
  int why = 0;
  for (;;) {
    const ssize_t got = ::read(pipe.get(), &why, sizeof why);
    if (got < 0 && errno == EINTR) continue;
    return got == sizeof why ? why : 0;
  }
}

Result<void> validate(const ProcessOptions& options) {
  if (options.argv.empty() || options.argv[0].empty())
    return fail(Errc::invalid_input, "there is no program to start");
  if (options.inherit.size() > most_inherited)
    return fail(Errc::invalid_input, "a child can be given at most {} descriptors", most_inherited);
  for (const auto& [wanted, ours] : options.inherit)
    if (wanted < 3)
      return fail(Errc::invalid_input, "a child's descriptor {} cannot be chosen by inherit",
                  wanted);
  return {};
}

}  // namespace

std::string ExitStatus::describe() const {
  if (signal != 0) return fmt::format("signal {} ({})", signal, ::strsignal(signal));
  if (code < 0) return "an exit status that is lost";
  return fmt::format("exit code {}", code);
}

Result<Process> Process::start(const ProcessOptions& options) {
  TRY(validate(options));
  TRY_ASSIGN(Pipe report, make_pipe());
  TRY_ASSIGN(const Fd null, open_file("/dev/null", O_RDWR));
  let_children_be_waited_for();

  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = environment_with(options.set_environment);
  const auto argv_pointers = pointers(argv);
  const auto environment_pointers = pointers(environment);
  const Child child{.options = options,
                    .argv = argv_pointers.data(),
                    .environment = environment_pointers.data(),
                    .parent = ::getpid(),
                    .null = null.get(),
                    .report = report.write.get()};

  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("cannot fork");
  if (pid == 0) become(child);

  // With our end closed, the child's is the last: exec closes it and ends the read below.
  close_now(std::move(report.write));
  int why = read_report(report.read);
  int pidfd = -1;
  if (why == 0) {
    pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0) why = errno;
  }
  if (why != 0) {
    int status = 0;
    ::kill(pid, SIGKILL);
    wait_for(pid, status, 0);
    return fail_errno("cannot start " + options.argv[0], why);
  }
  return Process(pid, Fd::adopt(pidfd));
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      pidfd_(std::move(other.pidfd_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    if (pid_ != 0) stop(Seconds(2));
    pid_ = std::exchange(other.pid_, 0);
    pidfd_ = std::move(other.pidfd_);
    status_ = std::exchange(other.status_, std::nullopt);
  }
  return *this;
}

Process::~Process() {
  if (pid_ != 0) stop(Seconds(2));
}

void Process::reap(int options) {
  if (status_ || pid_ == 0) return;
  siginfo_t info{};
  // Looked at but not yet taken: as long as the zombie is there, the group's number is its own.
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | options) != 0) {
    if (errno == EINTR) continue;
    status_ = ExitStatus{.code = -1, .signal = 0};  // ECHILD: somebody else has taken it
    return;
  }
  if (info.si_pid != pid_) return;  // WNOHANG, and it runs
  ::kill(-pid_, SIGKILL);           // what it left behind in its group
  int status = 0;
  if (wait_for(pid_, status, 0) == pid_) status_ = decode(status);
}

std::optional<ExitStatus> Process::poll() {
  reap(WNOHANG);
  return status_;
}

std::optional<ExitStatus> Process::wait(Seconds patience) {
  const TimePoint deadline = system_clock().now() + patience;
  while (!poll() && pid_ != 0) {
    const Seconds left = deadline - system_clock().now();
    if (left.count() <= 0) break;
    pollfd ended{.fd = pidfd_.get(), .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, poll_milliseconds(left));
  }
  return status_;
}

void Process::signal(int number) {
  // Of a moved-from Process the group would be 0: our own.
  if (!status_ && pid_ != 0) ::kill(-pid_, number);
}

ExitStatus Process::stop(Seconds patience) {
  if (!poll()) {
    signal(SIGTERM);
    signal(SIGCONT);
    wait(patience);
  }
  if (!status_) {
    signal(SIGKILL);
    reap(0);
  }
  return status_.value_or(ExitStatus{.code = -1, .signal = 0});
}

double Process::cpu_seconds() const {
  if (status_ || pid_ == 0) return 0;  // the number may be another's by now
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

namespace {

/// One stream of a captured program.
struct Capture {
  Fd end;
  std::string text;
  bool open = true;

  /// Takes what there is, up to `limit` in all.
  Result<void> drain(std::size_t limit) {
    while (open) {
      auto got = read_some(end.get());
      if (!got)
        open = false;
      else if (got->empty())
        break;
      else
        text += *got;
      if (text.size() > limit)
        return fail(Errc::invalid_input, "it printed more than {} bytes", limit);
    }
    return {};
  }
};

Result<void> read_to_the_end(Process& process, Capture& output, Capture& error, Seconds patience) {
  constexpr std::size_t limit = 256U << 20;
  const TimePoint deadline = system_clock().now() + patience;
  TRY_ASSIGN(const std::optional<Fd> stop, interruption());
  for (bool ended = false; !ended;) {
    const Seconds left = deadline - system_clock().now();
    if (left.count() <= 0)
      return fail(Errc::timeout, "it did not end within {:g} s", patience.count());
    TRY(not_interrupted());
    std::array<pollfd, 4> ends{
        {{.fd = process.pidfd(), .events = POLLIN, .revents = 0},
         {.fd = output.open ? output.end.get() : -1, .events = POLLIN, .revents = 0},
         {.fd = error.open ? error.end.get() : -1, .events = POLLIN, .revents = 0},
         {.fd = stop ? stop->get() : -1, .events = POLLIN, .revents = 0}}};
    ::poll(ends.data(), ends.size(), poll_milliseconds(left));
    // Its end, not that of its pipes, decides: a daemon that it started may hold those for ever.
    ended = process.poll().has_value();
    TRY(output.drain(limit));
    TRY(error.drain(limit));
  }
  return {};
}

}  // namespace

Result<Captured> capture(const std::vector<std::string>& argv, Seconds patience,
                         const std::vector<std::string>& set_environment) {
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  for (const Fd* end : {&out.read, &err.read})
    if (::fcntl(end->get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("cannot set O_NONBLOCK");
  TRY_ASSIGN(Process process, Process::start({.argv = argv,
                                              .inherit = {},
                                              .output = out.write.get(),
                                              .error = err.write.get(),
                                              .set_environment = set_environment}));
  close_now(std::move(out.write));
  close_now(std::move(err.write));
  Capture output{.end = std::move(out.read), .text = {}};
  Capture error{.end = std::move(err.read), .text = {}};
  if (auto read = read_to_the_end(process, output, error, patience); !read) {
    process.stop(Seconds(1));
    return tl::unexpected(read.error().because("cannot capture " + argv[0]));
  }
  return Captured{.status = process.stop(Seconds(0)),
                  .output = std::move(output.text),
                  .error = std::move(error.text)};
}

Result<std::filesystem::path> find_program(const std::string& name) {
  const auto runnable = [](const std::filesystem::path& path) {
    std::error_code error;
    return ::access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, error);
  };
  const auto absolute = [](const std::filesystem::path& path) -> Result<std::filesystem::path> {
    std::error_code error;
    auto whole = std::filesystem::absolute(path, error);
    if (error) return fail(Errc::io, "cannot find {}: {}", path.string(), error.message());
    return whole;
  };
  if (name.find('/') != std::string::npos) {
    if (!runnable(name)) return fail(Errc::not_found, "{} is no program that can be run", name);
    return absolute(name);
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") +
                             ":/usr/sbin:/sbin:/usr/bin");
  for (std::string folder; !name.empty() && std::getline(folders, folder, ':');) {
    const auto candidate = std::filesystem::path(folder) / name;
    if (!folder.empty() && runnable(candidate)) return absolute(candidate);
  }
  return fail(Errc::not_found, "there is no program {} in PATH", name);
}

}  // namespace quiesce
