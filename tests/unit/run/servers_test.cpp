// SPDX-License-Identifier: GPL-2.0-or-later
// The programs behind vfio-user devices, played by shell scripts.
#include "harness/run/servers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(run_servers)

using namespace quiesce;
using nlohmann::json;
using run::DeviceServers;
namespace event = record::event;

namespace {

using Texts = std::vector<std::string>;

/// $1 of the script is what words become.
Texts shell(const std::string& text, const Texts& words = {}) {
  Texts command{"bash", "-c", text, "server"};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

/// Answers every line on its control channel; ends with it.
const char* const obedient = R"(while read -r line <&$1; do echo '{"ok":true}' >&$1; done)";

struct Bench {
  explicit Bench(Clock& clock = system_clock()) : loop(clock) {}

  void add(const std::string& name, const Texts& command) {
    scenario::PlannedDevice device;
    device.name = name;
    device.settings = {{"delay", 3}};
    device.server = scenario::ServerSpec{.model = {}, .command = command, .socket = {}};
    plan.devices.push_back(device);
  }

  Result<std::unique_ptr<DeviceServers>> start() {
    return DeviceServers::start(loop, out, plan,
                                [this](const std::string& device, const json& said) {
                                  heard.push_back(device + " " + said.value("event", ""));
                                });
  }

  std::vector<json> events() const {
    std::vector<json> found;
    for (auto& one : run::testing::read_lines(out.path() / record::file::timeline))
      if (one["event"] == event::DeviceServer::name) found.push_back(std::move(one));
    return found;
  }
  Texts what() const {
    Texts words;
    for (const auto& one : events()) words.push_back(one["what"]);
    return words;
  }
  std::string file(const std::string& name) const {
    return read_file(out.path() / name).value_or("");
  }
  /// Half a minute is for a machine under load.
  bool comes_true(const std::function<bool()>& done) {
    const auto tick = loop.every(Seconds(0.02), [] {});
    return loop.run_until(done, loop.now() + Seconds(30)) == Waited::done;
  }
  TimePoint in(double seconds) { return loop.now() + Seconds(seconds); }

  TempDir dir = TempDir::create("quiesce-bench-").value();
  Loop loop;
  run::RunDir out = run::RunDir::create(dir.path() / "out", loop.clock()).value();
  scenario::RunPlan plan;
  Texts heard;
};

bool no_child_is_left() {
  return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_server_gets_its_words_and_descriptors_and_is_noted) {
  Bench bench;
  bench.plan.scenario.seed = 77;
  bench.add("engine0", shell(R"(echo "$@" >&2
      echo '{"mono":1,"event":"start"}' >&$5
      [ -S /proc/self/fd/$6 ] && echo listening >&2
      while read -r line <&$4; do :; done)",
                             {"@name", "@seed", "@settings", "@control", "@ledger", "@listener"}));
  auto servers = bench.start();
  BOOST_REQUIRE_MESSAGE(servers, (servers ? "" : servers.error().describe()));
  BOOST_TEST(bench.comes_true(
      [&] { return bench.file("device-engine0.log").find("listening") != std::string::npos; }));
  BOOST_TEST(bench.file("device-engine0.log").starts_with("engine0 77 {\"delay\":3} 12 11 10\n"));
  BOOST_TEST(bench.file("device-engine0.ndjson") == "{\"mono\":1,\"event\":\"start\"}\n");
  const json address = (*servers)->sockets().at("engine0");
  BOOST_TEST(address["type"] == "unix");
  BOOST_TEST(std::filesystem::exists(address["path"].get<std::string>()));
  const auto events = bench.events();
  BOOST_REQUIRE_EQUAL(events.size(), 1U);
  BOOST_TEST(events[0]["what"] == "started");
  BOOST_TEST(events[0]["argv"][4] == "engine0");
  // QEMU has connected: nothing of it stays in the file system.
  (*servers)->connected();
  BOOST_TEST(!std::filesystem::exists(address["path"].get<std::string>()));
  servers->reset();
  BOOST_TEST(no_child_is_left());
}

BOOST_AUTO_TEST_CASE(a_server_that_makes_its_socket_itself_is_waited_for) {
  Bench bench;
  bench.add("a", shell("sleep 0.2; touch \"$1\"; exec sleep 1000", {"@socket"}));
  auto servers = bench.start();
  BOOST_REQUIRE_MESSAGE(servers, (servers ? "" : servers.error().describe()));
  const std::string path = (*servers)->sockets().at("a")["path"];
  BOOST_TEST(std::filesystem::exists(path));
  // It hears of no hold, and does not hold up the run.
  (*servers)->hold(bench.in(30));
  (*servers)->stop();
  BOOST_TEST(no_child_is_left());
  BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(a_server_that_dies_at_once_is_named_with_its_log_and_no_other_is_left) {
  Bench bench;
  bench.add("good", shell("exec sleep 1000 # ", {"@listener"}));
  bench.add("bad", shell("echo out of luck; exit 3", {"@socket"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(!servers);
  BOOST_TEST(to_string(servers.error().code()) == to_string(Errc::closed));
  const std::string why = servers.error().describe();
  BOOST_TEST(why.find("the server of device bad ended with exit code 3") != std::string::npos, why);
  BOOST_TEST(why.find("device-bad.log") != std::string::npos, why);
  BOOST_TEST(bench.file("device-bad.log") == "out of luck\n");
  BOOST_TEST(no_child_is_left());
}

BOOST_AUTO_TEST_CASE(a_program_that_is_not_there_is_named) {
  Bench bench;
  bench.add("a", {"/nonexistent/server", "@socket"});
  const auto servers = bench.start();
  BOOST_REQUIRE(!servers);
  BOOST_TEST(to_string(servers.error().code()) == to_string(Errc::not_found));
  BOOST_TEST(servers.error().describe().find("the server of device a") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_listens_is_a_timeout) {
  FakeClock clock;
  Bench bench(clock);
  bench.add("a", shell("exec sleep 1000 # ", {"@socket"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(!servers);
  BOOST_TEST(to_string(servers.error().code()) == to_string(Errc::timeout));
  BOOST_TEST(servers.error().describe().find("the server of device a made no socket at") !=
             std::string::npos);
  BOOST_TEST(no_child_is_left());
}

BOOST_AUTO_TEST_CASE(waiting_for_a_socket_can_be_interrupted) {
  Bench bench;
  bench.add("a", shell("exec sleep 1000 # ", {"@socket"}));
  bench.loop.stop();
  const auto servers = bench.start();
  BOOST_REQUIRE(!servers);
  BOOST_TEST(to_string(servers.error().code()) == to_string(Errc::interrupted));
}

BOOST_AUTO_TEST_CASE(one_that_listens_already_is_not_started) {
  Bench bench;
  bench.add("a", {});
  bench.plan.devices[0].server->socket = "/run/vendor.sock";
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  BOOST_TEST((*servers)->sockets().at("a")["path"] == "/run/vendor.sock");
  BOOST_TEST(bench.events().empty());
  BOOST_TEST((*servers)->ledger_writes("a") == 0U);
  (*servers)->hold(bench.in(30));
}

BOOST_AUTO_TEST_CASE(hold_release_and_the_kernel_are_told_in_their_order) {
  Bench bench;
  bench.add("a", shell(R"(while read -r line <&$1; do echo "$line"; echo '{"ok":true}' >&$1; done)",
                       {"@control", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  (*servers)->hold(bench.in(30));
  (*servers)->release(bench.in(30));
  (*servers)->kernel("capture");
  BOOST_TEST(bench.file("device-a.log") ==
             "{\"op\":\"hold\"}\n{\"op\":\"release\"}\n{\"op\":\"kernel\",\"role\":\"capture\"}\n");
  BOOST_TEST(bench.what() == Texts{"started"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_server_that_is_silent_on_hold_is_given_up_and_the_others_are_not) {
  FakeClock clock;
  Bench bench(clock);
  bench.add("deaf", shell("exec sleep 1000 # ", {"@control", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  (*servers)->hold(bench.in(5));
  BOOST_TEST(bench.what() == (Texts{"started", "silent"}), boost::test_tools::per_element());
  BOOST_TEST(bench.events().at(1)["asked"]["op"] == "hold");
  // Asked no more: no second wait.
  const TimePoint before = bench.loop.now();
  (*servers)->release(bench.in(5));
  BOOST_TEST((bench.loop.now() == before));
  BOOST_TEST(bench.what().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_server_that_died_is_noted_and_holds_up_nothing) {
  Bench bench;
  bench.add("a", shell("read -r line <&$1; exit 7", {"@control", "@listener"}));
  bench.add("b", shell(obedient, {"@control", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  (*servers)->hold(bench.in(30));
  // Two starts, and its end by both ways that it shows.
  BOOST_TEST(bench.comes_true([&] { return bench.what().size() == 4; }));
  json exited;
  for (const auto& event : bench.events())
    if (event["what"] == "exited") exited = event;
  BOOST_REQUIRE(exited.is_object());
  BOOST_TEST(exited["device"] == "a");
  BOOST_TEST(exited["status"] == "exit code 7");
  (*servers)->release(bench.in(30));
  (*servers)->hold(bench.in(30));
  BOOST_TEST(bench.what().size() == 4U);
}

BOOST_AUTO_TEST_CASE(what_a_server_says_unasked_is_heard_and_nonsense_is_not) {
  Bench bench;
  bench.add("a", shell(R"(echo 'no json' >&$1; echo '[1]' >&$1; echo '{"event":"aer"}' >&$1
      while read -r line <&$1; do echo '{"ok":true}' >&$1; done)",
                       {"@control", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  BOOST_TEST(bench.comes_true([&] { return !bench.heard.empty(); }));
  BOOST_TEST(bench.heard == Texts{"a aer"}, boost::test_tools::per_element());
  (*servers)->hold(bench.in(30));
  BOOST_TEST(bench.what().size() == 1U);
}

BOOST_AUTO_TEST_CASE(writes_of_a_ledger_are_counted_as_they_come) {
  Bench bench;
  bench.add("a", shell(R"(echo '{"mono":1,"event":"dma.write","address":"0x1"}' >&$2
      echo '{"mono":2,"event":"reset"}' >&$2; echo '{"mono":3,"event":"dma.write"}' >&$2
      while read -r line <&$1; do :; done)",
                       {"@control", "@ledger", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  BOOST_TEST(bench.comes_true([&] { return (*servers)->ledger_writes("a") == 2; }));
  BOOST_TEST((*servers)->ledger_writes("b") == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_that_ignores_the_end_is_killed) {
  Bench bench;
  bench.add("a", shell("trap '' TERM; while :; do sleep 0.05; done", {"@control", "@listener"}));
  const auto servers = bench.start();
  BOOST_REQUIRE(servers);
  (*servers)->stop();
  BOOST_TEST(no_child_is_left());
}

// Whole runs.

BOOST_FIXTURE_TEST_CASE(a_run_tells_its_servers_when_the_machine_stands_still,
                        run::testing::Stand) {
  plan.devices[0].server = scenario::ServerSpec{
      .model = {},
      .command = shell(R"(while read -r line <&$1; do echo "$line"; echo '{"ok":true}' >&$1; done)",
                       {"@control", "@listener"}),
      .socket = {}};
  const auto done = run();
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().describe()));
  const std::string told = read_file(out() / "device-nic0.log").value();
  const auto capture = told.find(R"({"op":"kernel","role":"capture"})");
  BOOST_REQUIRE(capture != std::string::npos);
  // Held at the handover, and told of the other kernel before that one runs.
  BOOST_TEST(told.substr(0, capture).ends_with("{\"op\":\"hold\"}\n"));
  BOOST_TEST(texts(event::DeviceServer::name, "what") == Texts{"started"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_server_that_does_not_start_ends_the_run_before_qemu,
                        run::testing::Stand) {
  plan.devices[0].server =
      scenario::ServerSpec{.model = {}, .command = shell("exit 3", {"@socket"}), .socket = {}};
  const auto done = run();
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().describe().find("the server of device nic0 ended with exit code 3") !=
             std::string::npos);
  BOOST_TEST(events(event::QemuStart::name).empty());
}

BOOST_AUTO_TEST_SUITE_END()
