// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(base_process)

using namespace quiesce;

namespace {

constexpr Seconds long_enough{60};

std::vector<std::string> shell(const std::string& script) {
  return {"sh", "-c", script};
}

ProcessOptions options(std::vector<std::string> argv) {
  ProcessOptions made;
  made.argv = std::move(argv);
  return made;
}

Process start(const ProcessOptions& chosen) {
  auto process = Process::start(chosen);
  BOOST_REQUIRE_MESSAGE(process.has_value(),
                        (process ? std::string() : process.error().describe()));
  return std::move(*process);
}

Captured run(const std::string& script) {
  auto captured = capture(shell(script));
  BOOST_REQUIRE_MESSAGE(captured.has_value(),
                        (captured ? std::string() : captured.error().describe()));
  return std::move(*captured);
}

/// A pipe whose both ends exec closes.
struct Ends {
  Fd read;
  Fd write;
  static Ends make() {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {Fd::adopt(ends[0]), Fd::adopt(ends[1])};
  }
};

/// Whether every process that held the other end of `pipe` is gone.
bool all_gone(const Ends& pipe) {
  pollfd one{.fd = pipe.read.get(), .events = POLLIN, .revents = 0};
  return ::poll(&one, 1, 60'000) == 1 && (one.revents & POLLHUP) != 0;
}

/// A child that has begun and stays; its pipe says when all its group is gone.
struct Stayer {
  Ends pipe = Ends::make();
  Process process;

  explicit Stayer(const std::string& before,
                  const std::string& after = "while :; do sleep 60; done")
      : process(begin(pipe, before + "\necho ready >&5\n" + after)) {
    BOOST_REQUIRE(read_some(pipe.read.get()).value() == "ready\n");
  }

 private:
  static Process begin(Ends& pipe, const std::string& script) {
    auto chosen = options(shell(script));
    chosen.inherit = {{5, pipe.write.get()}};
    Process made = start(chosen);
    { const Fd closed = std::move(pipe.write); }
    return made;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_program_that_succeeds_is_ok) {
  auto process = start(options({"true"}));
  const auto status = process.wait(long_enough);
  BOOST_REQUIRE(status.has_value());
  BOOST_TEST(status->ok());
  BOOST_TEST(status->describe() == "exit code 0");
}

BOOST_AUTO_TEST_CASE(an_exit_code_is_reported) {
  const auto status = run("exit 42").status;
  BOOST_TEST(!status.ok());
  BOOST_TEST(status.code == 42);
  BOOST_TEST(status.describe() == "exit code 42");
}

BOOST_AUTO_TEST_CASE(a_signal_is_reported_as_such) {
  const auto status = run("kill -SEGV $$").status;
  BOOST_TEST(!status.ok());
  BOOST_TEST(status.signal == SIGSEGV);
  BOOST_TEST(status.describe() == "signal 11 (Segmentation fault)");
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_an_error_of_start) {
  const auto process = Process::start(options({"no-such-program"}));
  BOOST_TEST((process.error().code() == Errc::not_found));
  BOOST_TEST(process.error().message() ==
             "cannot start no-such-program: No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_program_that_may_not_be_run_is_an_error_of_start) {
  const auto process = Process::start(options({"/etc/passwd"}));
  BOOST_TEST(process.error().message() == "cannot start /etc/passwd: Permission denied");
}

BOOST_AUTO_TEST_CASE(a_start_that_failed_leaves_no_child) {
  BOOST_REQUIRE(!Process::start(options({"no-such-program"})).has_value());
  BOOST_TEST(::waitpid(-1, nullptr, WNOHANG) == -1);
  BOOST_TEST(errno == ECHILD);
}

// The error named argv[0], which was not there: an exception.
BOOST_AUTO_TEST_CASE(no_program_at_all_is_an_error) {
  BOOST_TEST((Process::start(options({})).error().code() == Errc::invalid_input));
  BOOST_TEST((Process::start(options({""})).error().code() == Errc::invalid_input));
  BOOST_TEST(!capture({}).has_value());
}

BOOST_AUTO_TEST_CASE(arguments_arrive_as_they_are) {
  const auto captured = capture({"printf", "[%s]", "a b", "", "$HOME", "*\n"});
  BOOST_TEST(captured->output == "[a b][][$HOME][*\n]");
}

BOOST_AUTO_TEST_CASE(output_and_error_are_captured_apart) {
  const auto captured = run("echo out; echo err >&2");
  BOOST_TEST(captured.output == "out\n");
  BOOST_TEST(captured.error == "err\n");
}

BOOST_AUTO_TEST_CASE(more_output_than_a_pipe_holds_is_captured_whole) {
  const auto captured = run("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2");
  BOOST_TEST(captured.output.size() == 3'000'000U);
  BOOST_TEST(captured.error.size() == 2'000'000U);
}

BOOST_AUTO_TEST_CASE(standard_input_is_empty) {
  BOOST_TEST(run("cat; echo end").output == "end\n");
}

BOOST_AUTO_TEST_CASE(a_variable_is_added_to_the_environment) {
  const auto captured = capture(shell("echo $QUIESCE_TEST $HOME"), long_enough, {"QUIESCE_TEST=1"});
  BOOST_TEST(captured->output.starts_with("1"));
}

// Both values were in the environment, and shells took the old one.
BOOST_AUTO_TEST_CASE(a_variable_that_is_set_takes_the_place_of_ours) {
  BOOST_REQUIRE(::setenv("QUIESCE_TEST", "old", 1) == 0);
  const auto captured = capture(shell("echo $QUIESCE_TEST; env | grep -c ^QUIESCE_TEST="),
                                long_enough, {"QUIESCE_TEST=new"});
  ::unsetenv("QUIESCE_TEST");
  BOOST_TEST(captured->output == "new\n1\n");
}

BOOST_AUTO_TEST_CASE(descriptors_get_the_numbers_that_were_asked_for) {
  auto first = Ends::make();
  auto second = Ends::make();
  auto chosen = options(shell("echo one >&3; echo two >/proc/self/fd/17"));
  // Each is wanted where another one may lie at the moment.
  chosen.inherit = {{3, first.write.get()}, {17, second.write.get()}};
  BOOST_TEST(start(chosen).wait(long_enough)->ok());
  BOOST_TEST(read_some(first.read.get()).value() == "one\n");
  BOOST_TEST(read_some(second.read.get()).value() == "two\n");
}

BOOST_AUTO_TEST_CASE(descriptors_may_change_places) {
  auto first = Ends::make();
  auto second = Ends::make();
  // sh knows descriptors of one digit only.
  auto chosen = options(shell(fmt::format("echo one >/proc/self/fd/{}; echo two >/proc/self/fd/{}",
                                          second.write.get(), first.write.get())));
  chosen.inherit = {{second.write.get(), first.write.get()},
                    {first.write.get(), second.write.get()}};
  BOOST_TEST(start(chosen).wait(long_enough)->ok());
  BOOST_TEST(read_some(first.read.get()).value() == "one\n");
  BOOST_TEST(read_some(second.read.get()).value() == "two\n");
}

BOOST_AUTO_TEST_CASE(one_descriptor_may_be_given_twice) {
  auto ends = Ends::make();
  auto chosen = options(shell("echo a >&5; echo b >&6; echo c"));
  chosen.inherit = {{5, ends.write.get()}, {6, ends.write.get()}};
  chosen.output = ends.write.get();
  BOOST_TEST(start(chosen).wait(long_enough)->ok());
  BOOST_TEST(read_some(ends.read.get()).value() == "a\nb\nc\n");
}

// What our own parent had left open without O_CLOEXEC went on into QEMU.
BOOST_AUTO_TEST_CASE(a_child_gets_no_descriptor_that_was_not_given_to_it) {
  const Fd leaked = Fd::adopt(::open("/dev/null", O_RDONLY));
  const auto captured = run("ls /proc/self/fd");
  BOOST_TEST(captured.output == "0\n1\n2\n3\n");  // 3 is the folder itself
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_is_not_open_is_an_error_of_start) {
  auto chosen = options({"true"});
  chosen.inherit = {{5, 9999}};
  BOOST_TEST(Process::start(chosen).error().message() == "cannot start true: Bad file descriptor");
}

// Beyond 64 the error was "Success".
BOOST_AUTO_TEST_CASE(descriptors_that_cannot_be_given_are_refused) {
  auto chosen = options({"true"});
  for (int number = 0; number < 65; ++number) chosen.inherit[10 + number] = 0;
  BOOST_TEST((Process::start(chosen).error().code() == Errc::invalid_input));
  for (const int number : {-1, 0, 1, 2}) {
    chosen.inherit = {{number, 0}};
    BOOST_TEST((Process::start(chosen).error().code() == Errc::invalid_input));
  }
}

BOOST_AUTO_TEST_CASE(poll_tells_running_from_ended_again_and_again) {
  Stayer stayer("");
  BOOST_TEST(!stayer.process.poll().has_value());
  stayer.process.signal(SIGKILL);
  BOOST_TEST(stayer.process.wait(long_enough)->signal == SIGKILL);
  BOOST_TEST(stayer.process.poll()->signal == SIGKILL);
  BOOST_TEST(stayer.process.wait(Seconds(0))->signal == SIGKILL);
}

BOOST_AUTO_TEST_CASE(the_pidfd_is_readable_when_the_process_has_ended) {
  auto process = start(options({"true"}));
  pollfd one{.fd = process.pidfd(), .events = POLLIN, .revents = 0};
  BOOST_TEST(::poll(&one, 1, 60'000) == 1);
  BOOST_TEST(process.poll().has_value());
}

BOOST_AUTO_TEST_CASE(a_wait_ends_with_its_patience) {
  Stayer stayer("");
  BOOST_TEST(!stayer.process.wait(Seconds(0.02)).has_value());
}

// As milliseconds of an int it was an overflow.
BOOST_AUTO_TEST_CASE(patience_may_be_endless) {
  auto process = start(options({"true"}));
  BOOST_TEST(process.wait(Seconds(1e15)).has_value());
}

BOOST_AUTO_TEST_CASE(stop_asks_first) {
  Stayer stayer("trap 'exit 7' TERM", "while :; do sleep 0.01; done");
  BOOST_TEST(stayer.process.stop(long_enough).code == 7);
}

BOOST_AUTO_TEST_CASE(stop_kills_what_does_not_listen) {
  Stayer stayer("trap '' TERM");
  BOOST_TEST(stayer.process.stop(Seconds(0.02)).signal == SIGKILL);
}

BOOST_AUTO_TEST_CASE(stop_reaches_a_process_that_is_suspended) {
  Stayer stayer("");
  stayer.process.signal(SIGSTOP);
  BOOST_TEST(stayer.process.stop(long_enough).signal == SIGTERM);
}

BOOST_AUTO_TEST_CASE(stop_after_the_end_gives_the_status_of_the_end) {
  auto process = start(options(shell("exit 3")));
  BOOST_TEST(process.wait(long_enough)->code == 3);
  BOOST_TEST(process.stop(long_enough).code == 3);
}

BOOST_AUTO_TEST_CASE(the_owner_takes_the_whole_group_with_it) {
  std::optional<Stayer> stayer(std::in_place, "sleep 600 & sleep 600 &");
  Ends pipe = std::move(stayer->pipe);
  stayer.reset();
  BOOST_TEST(all_gone(pipe));
}

// The leader's end was the end of our care: its children ran on.
BOOST_AUTO_TEST_CASE(a_process_that_ends_by_itself_leaves_nobody_behind) {
  Stayer stayer("sleep 600 &", "exit 0");
  BOOST_TEST(stayer.process.wait(long_enough)->ok());
  BOOST_TEST(all_gone(stayer.pipe));
}

BOOST_AUTO_TEST_CASE(assignment_stops_what_was_there) {
  Stayer stayer("");
  stayer.process = start(options({"true"}));
  BOOST_TEST(all_gone(stayer.pipe));
  BOOST_TEST(stayer.process.wait(long_enough)->ok());
}

// Its group was 0, which is the caller's own.
BOOST_AUTO_TEST_CASE(a_moved_from_process_signals_nobody) {
  Process first = start(options({"true"}));
  Process second = std::move(first);
  first.signal(SIGKILL);  // NOLINT(bugprone-use-after-move): that is the test
  BOOST_TEST(second.wait(long_enough)->ok());
}

BOOST_AUTO_TEST_CASE(a_child_dies_with_its_parent) {
  Ends pipe = Ends::make();
  const pid_t parent = ::fork();
  BOOST_REQUIRE(parent >= 0);
  if (parent == 0) {
    auto chosen = options({"sleep", "600"});
    chosen.inherit = {{5, pipe.write.get()}};
    auto child = Process::start(chosen);
    ::kill(::getpid(), SIGKILL);
  }
  { const Fd closed = std::move(pipe.write); }
  BOOST_REQUIRE(::waitpid(parent, nullptr, 0) == parent);
  BOOST_TEST(all_gone(pipe));
}

BOOST_AUTO_TEST_CASE(a_child_has_a_process_group_of_its_own) {
  Stayer stayer("");
  BOOST_TEST(::getpgid(stayer.process.pid()) == stayer.process.pid());
}

BOOST_AUTO_TEST_CASE(a_child_has_no_signals_blocked) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const auto captured = capture({"grep", "SigBlk", "/proc/self/status"});
  sigprocmask(SIG_SETMASK, &before, nullptr);
  BOOST_TEST(captured->output == "SigBlk:\t0000000000000000\n");
}

// Who starts us with SIGCHLD ignored makes the kernel drop exit statuses: all looked like success.
BOOST_AUTO_TEST_CASE(an_exit_code_is_known_though_sigchld_was_ignored) {
  struct sigaction before {};
  sigaction(SIGCHLD, nullptr, &before);
  ::signal(SIGCHLD, SIG_IGN);
  BOOST_TEST(run("exit 5").status.code == 5);
  sigaction(SIGCHLD, &before, nullptr);
}

BOOST_AUTO_TEST_CASE(a_status_that_somebody_else_took_is_not_ok) {
  auto process = start(options({"true"}));
  BOOST_REQUIRE(::waitpid(process.pid(), nullptr, 0) == process.pid());
  BOOST_TEST(!process.stop(Seconds(1)).ok());
  BOOST_TEST(process.poll()->describe() == "an exit status that is lost");
}

namespace {

/// Sends us SIGALRM every 5 ms, whose handler interrupts system calls.
struct Alarms {
  struct sigaction before {};
  Alarms() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGALRM, &action, &before);
    const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 5000},
                          .it_value = {.tv_sec = 0, .tv_usec = 5000}};
    setitimer(ITIMER_REAL, &often, nullptr);
  }
  ~Alarms() {
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    sigaction(SIGALRM, &before, nullptr);
  }
};

}  // namespace

// The wait ended at the first signal, and SIGKILL came at once.
BOOST_AUTO_TEST_CASE(signals_to_us_do_not_shorten_the_patience_of_stop) {
  const Alarms alarms;
  Stayer stayer("trap 'sleep 0.05; exit 7' TERM", "while :; do sleep 0.01; done");
  BOOST_TEST(stayer.process.stop(long_enough).code == 7);
}

BOOST_AUTO_TEST_CASE(signals_to_us_do_not_disturb_starting_and_capturing) {
  const Alarms alarms;
  BOOST_TEST(run("echo a; sleep 0.03; echo b").output == "a\nb\n");
  BOOST_TEST((Process::start(options({"no-such-program"})).error().code() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_program_that_outstays_the_patience_of_capture_is_ended) {
  const auto captured = capture(shell("echo started; sleep 600"), Seconds(0.05));
  BOOST_TEST((captured.error().code() == Errc::timeout));
}

// It was stopped and counted as ended by a signal.
BOOST_AUTO_TEST_CASE(a_program_that_closes_its_output_and_stays_is_a_timeout) {
  const auto captured = capture(shell("exec >&- 2>&-; sleep 600"), Seconds(0.05));
  BOOST_TEST((captured.error().code() == Errc::timeout));
}

// The pipe that the child held was waited for, not the program.
BOOST_AUTO_TEST_CASE(capture_ends_with_the_program_and_not_with_its_children) {
  const auto captured = run("sleep 600 & echo done");
  BOOST_TEST(captured.output == "done\n");
  BOOST_TEST(captured.status.ok());
}

BOOST_AUTO_TEST_CASE(cpu_time_is_counted_while_it_runs_and_gone_with_it) {
  Stayer stayer("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
  BOOST_TEST(stayer.process.cpu_seconds() > 0.0);
  stayer.process.stop(Seconds(0));
  BOOST_TEST(stayer.process.cpu_seconds() == 0.0);
}

BOOST_AUTO_TEST_CASE(a_program_is_found_in_path_and_in_sbin) {
  BOOST_TEST(find_program("sh")->is_absolute());
  BOOST_TEST(find_program("sh")->filename() == "sh");
  BOOST_TEST((find_program("no-such-program").error().code() == Errc::not_found));
  BOOST_TEST(!find_program("").has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_is_no_program) {
  BOOST_TEST(!find_program("/usr").has_value());
  BOOST_TEST(find_program("/bin/sh").value() == "/bin/sh");
}

// A relative folder in PATH made a relative result.
BOOST_AUTO_TEST_CASE(a_program_of_a_relative_folder_gets_an_absolute_path) {
  const auto folder = TempDir::create();
  const auto program = folder->path() / "a-program";
  BOOST_REQUIRE(replace_file(program, "#!/bin/sh\n"));
  BOOST_REQUIRE(::chmod(program.c_str(), 0755) == 0);
  const auto before = std::filesystem::current_path();
  const std::string path = std::getenv("PATH");
  std::filesystem::current_path(folder->path());
  ::setenv("PATH", (".:" + path).c_str(), 1);
  const auto found = find_program("a-program");
  ::setenv("PATH", path.c_str(), 1);
  std::filesystem::current_path(before);
  BOOST_TEST(found->is_absolute());
}

BOOST_AUTO_TEST_SUITE_END()
