// SPDX-License-Identifier: GPL-2.0-or-later
// How runs end that are not let to their end: Ctrl-C, kill -9, a full disk, no place to write.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <set>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/layout.hpp"
#include "harness/vm/machine.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(run_ending)

using namespace quiesce;
using nlohmann::json;
using run::testing::Stand;
using Texts = std::vector<std::string>;
namespace event = record::event;
namespace fs = std::filesystem;

namespace {

void check_interrupted(const Stand& stand, const Result<void>& done) {
  BOOST_REQUIRE(!done);
  BOOST_TEST(to_string(done.error().code()) == to_string(Errc::interrupted));
  BOOST_TEST(stand.texts(event::RunEnd::name, "reason") == Texts{"interrupted"},
             boost::test_tools::per_element());
  BOOST_TEST(stand.events(event::QemuExit::name).size() <= 1U);
}

/// Whether the process runs; one that nobody waits for has ended all the same.
bool runs(int pid) {
  const auto stat = read_file(fmt::format("/proc/{}/stat", pid));
  if (!stat) return false;
  const auto state = stat->find(") ");
  return state != std::string::npos && (*stat)[state + 2] != 'Z' && (*stat)[state + 2] != 'X';
}

/// Until `done`, for half a minute at most.
bool comes_true(const std::function<bool()>& done) {
  Loop loop;
  const auto tick = loop.every(Seconds(0.02), [] {});
  return loop.run_until(done, loop.now() + Seconds(30)) == Waited::done;
}

std::set<std::string> entries(const fs::path& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().find("quiesce") != std::string::npos)
      names.insert(entry.path().filename());
  return names;
}

}  // namespace

BOOST_DATA_TEST_CASE(an_interruption_at_the_start_of_any_phase_closes_the_evidence,
                     boost::unit_test::data::make(Texts{"boot", "arm", "panic", "handover",
                                                        "capture", "collect"}),
                     phase) {
  Stand stand;
  stand.observer.on_phase = [&](const std::string& begun) {
    if (begun == phase) stand.loop.stop();
  };
  check_interrupted(stand, stand.run());
  BOOST_TEST(stand.texts(event::PhaseBegin::name, "phase").back() == phase);
}

BOOST_DATA_TEST_CASE(an_interruption_in_the_middle_of_a_phase_closes_the_evidence,
                     boost::unit_test::data::make(Texts{"production kernel speaks", "devices busy",
                                                        "observing without drivers",
                                                        "testing nic0"}),
                     note) {
  Stand stand;
  stand.observer.on_note = [&](const std::string& said) {
    if (said == note) stand.loop.stop();
  };
  check_interrupted(stand, stand.run());
}

BOOST_FIXTURE_TEST_CASE(a_machine_can_be_stopped_twice, Stand) {
  write_script();
  target::Listener listener{.on_event = [](const auto&, const auto&) {},
                            .on_console = [](auto) {},
                            .on_agent = [](auto) {},
                            .on_frame = [](const auto&, auto) {},
                            .on_exit = {}};
  fs::create_directory(out());
  auto machine =
      vm::Machine::launch(loop, plan, out(), {}, {}, listener, loop.now() + Seconds(60)).value();
  const int pid = machine->process().pid();
  BOOST_TEST(runs(pid));
  BOOST_TEST(machine->stop().ok());
  BOOST_TEST(machine->stop().ok());
  BOOST_TEST(machine->exit_status().value().ok());
  BOOST_TEST((machine->send_frame("nic0", "frame").error().code() == Errc::closed));
  BOOST_TEST((machine->send_frame("vga0", "frame").error().code() == Errc::internal));
  machine.reset();
  BOOST_TEST(!runs(pid));
}

BOOST_DATA_TEST_CASE(kill_9_leaves_no_qemu_and_nothing_behind,
                     boost::unit_test::data::make(Texts{"arm", "capture"}), phase) {
  Stand stand;
  stand.at("agent:" + std::string(phase == "arm" ? "production" : "capture") + ":describe",
           "ignore");
  stand.write_script();
  const auto shared_memory = entries("/dev/shm");
  const pid_t child = ::fork();
  if (child == 0) {
    (void)run::execute(stand.plan, stand.out(), stand.loop, {});
    ::_exit(0);
  }
  // It waits there for an answer that does not come.
  const bool waits = comes_true([&] {
    const auto text = read_file(stand.out() / record::file::agent).value_or("");
    return text.find(R"("op":"describe")") != std::string::npos &&
           (phase == "arm" || text.find(R"("role":"capture")") != std::string::npos);
  });
  const auto started = stand.events(event::QemuStart::name);
  const int pid = started.empty() ? 0 : started[0]["pid"].get<int>();
  BOOST_TEST(waits);
  BOOST_TEST(runs(pid));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  BOOST_TEST(comes_true([&] { return !runs(pid); }));

  BOOST_TEST(stand.events(event::RunEnd::name).empty());  // that is how a killed run is known
  BOOST_TEST(entries("/dev/shm") == shared_memory, boost::test_tools::per_element());
  for (const auto& entry : fs::recursive_directory_iterator(stand.dir.path()))
    BOOST_TEST((entry.is_regular_file() || entry.is_directory()), entry.path());
}

namespace {

/// A file system of 64 KiB at `folder`, for this process alone.
bool mount_small(const fs::path& folder) {
  if (::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=64k") == 0;
}

constexpr int cannot_mount = 77;

/// In a child process: 0 when the run ended as it must.
int run_on_small(Stand& stand) {
  if (!mount_small(stand.out())) return cannot_mount;
  const auto done = run::execute(stand.plan, stand.out(), stand.loop, {});
  if (done || done.error().code() != Errc::no_space) return 1;
  if (::waitpid(-1, nullptr, WNOHANG) != -1) return 2;
  for (const char* name : {record::file::timeline, record::file::serial, record::file::agent}) {
    const auto text = read_file(stand.out() / name);
    if (text && !text->empty() && !text->ends_with('\n')) return 3;
    if (!text || std::string_view(name) == record::file::serial) continue;
    for (const auto& line : split(*text, '\n'))
      if (!line.empty() && !json::accept(line)) return 4;
  }
  return 0;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_full_disk_ends_the_run_with_whole_lines, Stand) {
  fs::create_directory(out());
  for (int i = 0; i < 8; ++i) at("boot:production", "say", std::string(15'000, 'x'));
  for (auto& rule : script["rules"]) rule["turns"] = 1;
  // A rule a point: the rest comes with other points.
  const Texts points{"agent:production:describe",
                     "agent:production:modules",
                     "agent:production:font",
                     "agent:production:kexec-load",
                     "gdb:Z1",
                     "agent:production:activity-start"};
  for (const auto& point : points) at(point, "say", std::string(15'000, 'x'));
  write_script();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run_on_small(*this));
  int status = 0;
  ::waitpid(child, &status, 0);
  BOOST_REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == cannot_mount)
    BOOST_TEST_MESSAGE("skipped: no file system can be mounted here");
  else
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_FIXTURE_TEST_CASE(an_output_folder_that_cannot_be_used_is_invalid_input, Stand) {
  write_script();
  const auto refused = [&](const fs::path& folder) {
    const auto done = run::execute(plan, folder, loop, observer);
    return !done && done.error().code() == Errc::invalid_input &&
           done.error().describe().find("--out") != std::string::npos;
  };
  BOOST_TEST(refused(dir.path()));                     // holds something
  BOOST_TEST(refused(plan.capture.image));             // a file
  BOOST_TEST(refused(plan.capture.image / "inside"));  // below a file
  BOOST_TEST(refused("/proc/quiesce/no"));
  BOOST_TEST(refused(dir.path() / "not\xff"
                                  "text"));
  BOOST_TEST(log().empty());  // QEMU was never started
}

BOOST_AUTO_TEST_SUITE_END()
