// SPDX-License-Identifier: GPL-2.0-or-later
// Whole runs against the stand-in for QEMU: what goes right, and whose fault it is when not.
#include "harness/run/execute.hpp"

#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/manifest.hpp"
#include "harness/run/facts.hpp"
#include "harness/scenario/recipe.hpp"
#include "harness/vm/machine.hpp"
#include "tests/unit/run/stand.hpp"

BOOST_AUTO_TEST_SUITE(run_execute)

using namespace quiesce;
using nlohmann::json;
using run::testing::Stand;
using Texts = std::vector<std::string>;
namespace event = record::event;

namespace {

/// Every file is as long as the manifest says, and the timeline, which is written to last, is
/// there.
void check_sealed(const Stand& stand) {
  const auto manifest = read_file(stand.out() / record::file::manifest);
  BOOST_REQUIRE(manifest);
  const auto inventory = record::inventory_from_json(json::parse(*manifest));
  BOOST_REQUIRE(inventory);
  BOOST_TEST(inventory->contains(record::file::timeline));
  for (const auto& [name, present] : *inventory)
    BOOST_TEST(std::filesystem::file_size(stand.out() / name) == present.bytes, name);
}

/// The run ended as a failure of the harness, QEMU or production kernel in `phase`, whose message
/// holds `text`.
void check_error(const Stand& stand, const Result<void>& done, Errc code, const std::string& phase,
                 const std::string& text) {
  BOOST_REQUIRE(!done);
  BOOST_TEST_CONTEXT(done.error().describe()) {
    BOOST_TEST(to_string(done.error().code()) == to_string(code));
    BOOST_TEST(done.error().describe().starts_with("phase " + phase + ": "));
    BOOST_TEST(done.error().describe().find(text) != std::string::npos);
    const auto errors = stand.events(event::Failure::name);
    BOOST_REQUIRE_EQUAL(errors.size(), 1U);
    BOOST_TEST(errors[0]["phase"] == phase);
    BOOST_TEST(errors[0]["code"] == to_string(code));
    BOOST_TEST(errors[0]["message"].get<std::string>().find(text) != std::string::npos);
    check_sealed(stand);
    const std::string reason = code == Errc::interrupted ? "interrupted" : "error";
    BOOST_TEST(stand.texts(event::RunEnd::name, "reason") == Texts{reason},
               boost::test_tools::per_element());
  }
}

/// The run came to its end: what went wrong is the kernel's, and evidence.
void check_finished(const Stand& stand, const Result<void>& done) {
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().describe()));
  check_sealed(stand);
  BOOST_TEST(stand.texts(event::RunEnd::name, "reason") == Texts{"finished"},
             boost::test_tools::per_element());
  BOOST_TEST(stand.events(event::Failure::name).empty());
  BOOST_TEST(stand.texts(event::PhaseBegin::name, "phase").back() == "collect");
}

bool has(const Texts& list, const std::string& text) {
  return std::ranges::find(list, text) != list.end();
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_good_run_goes_through_all_phases_and_marks, Stand) {
  const auto done = run();
  check_finished(*this, done);
  BOOST_TEST(texts(event::PhaseBegin::name, "phase") ==
                 (Texts{"boot", "arm", "panic", "handover", "capture", "collect"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      texts(event::Mark::name, "name") == (Texts{"production", "handover", "capture-entry",
                                                 "drivers", "tests", "closing", "capture-end"}),
      boost::test_tools::per_element());
  BOOST_TEST(
      texts(event::SerialLine::name, "what") == (Texts{"kernel-start", "panic", "kernel-start"}),
      boost::test_tools::per_element());
  BOOST_TEST(texts(event::TestResult::name, "device") == (Texts{"nic0", "vga0"}),
             boost::test_tools::per_element());
  BOOST_TEST(texts(event::Echo::name, "device") == Texts{"nic0"}, boost::test_tools::per_element());
  BOOST_TEST(texts(event::KeyReceived::name, "text") == Texts{"q"},
             boost::test_tools::per_element());
  BOOST_TEST(events(event::Baseline::name).size() == 2U);
  for (const char* name : {"production", "handover", "capture-entry", "drivers", "capture-end"})
    BOOST_TEST(std::filesystem::exists(out() / "pci" / (std::string(name) + ".json")), name);
  const auto ended = events(event::QemuExit::name);
  BOOST_REQUIRE_EQUAL(ended.size(), 1U);
  BOOST_TEST(ended[0]["how"] == "exit code 0");
  BOOST_TEST(ended[0]["expected"] == true);
}

BOOST_FIXTURE_TEST_CASE(a_device_that_goes_on_writing_is_seen_before_and_after_the_handover,
                        Stand) {
  plan.scenario.panic.busy = Seconds(1);
  plan.scenario.steps.window = Seconds(1);
  const auto done = run();
  check_finished(*this, done);
  const auto controls = events(event::Control::name);
  BOOST_REQUIRE_EQUAL(controls.size(), 2U);
  BOOST_TEST(controls[0]["device"] == "nic0");
  BOOST_TEST(controls[0]["tagged_pages"].get<int>() > 0);
  BOOST_TEST(controls[1]["tagged_pages"] == 0);
  const auto strays = run::testing::read_lines(out() / record::file::dma);
  BOOST_REQUIRE(!strays.empty());
  BOOST_TEST(strays[0]["tags"][0]["device"] == "nic0");
  const auto rings = events(event::Ring::name);
  BOOST_REQUIRE(!rings.empty());
  BOOST_TEST(rings[0]["head"] == 5);
}

BOOST_FIXTURE_TEST_CASE(the_plan_and_qemus_arguments_are_kept, Stand) {
  check_finished(*this, run());
  const auto plan_text = json::parse(read_file(out() / record::file::plan).value());
  BOOST_TEST(plan_text["format"] == record::format);
  BOOST_TEST(plan_text["scenario"]["name"] == "stand-in");
  const auto qemu = json::parse(read_file(out() / record::file::qemu).value());
  BOOST_TEST(qemu["version"] == "7.2.22");
  BOOST_TEST(qemu["argv"][0] == plan.qemu.string());
  BOOST_TEST(qemu["accel"] == "tcg");
}

BOOST_FIXTURE_TEST_CASE(the_facts_of_the_armed_guest_are_kept_and_can_be_read_back, Stand) {
  check_finished(*this, run());
  const auto facts =
      run::armed_from_json(json::parse(read_file(out() / record::file::armed).value()));
  BOOST_REQUIRE_MESSAGE(facts, (facts ? "" : facts.error().describe()));
  BOOST_TEST(facts->recipe == scenario::key_of(scenario::recipe_of(plan)));
  BOOST_TEST(facts->machine_kexec.value == 0xffffffff81000000U);
  BOOST_TEST(facts->crash_region.begin.value == 0x8000000U);
  BOOST_TEST(!facts->production_font.is_null());
  // As the handover tells them.
  const auto told = events(event::Handover::name).at(0)["facts"];
  BOOST_TEST(told == record::as_json(as_record(*facts)));
}

BOOST_FIXTURE_TEST_CASE(what_asked_for_the_run_is_kept_in_its_first_event, Stand) {
  asked = {.command = {"quiesce", "run", "x"}, .directory = "/there"};
  check_finished(*this, run());
  const auto start = events(event::RunStart::name).at(0);
  BOOST_TEST(start["command"] == json({"quiesce", "run", "x"}));
  BOOST_TEST(start["directory"] == "/there");
}

BOOST_FIXTURE_TEST_CASE(a_run_that_nobody_can_repeat_names_no_command, Stand) {
  check_finished(*this, run());
  BOOST_TEST(!events(event::RunStart::name).at(0).contains("command"));
}

// It once was resumed between two pictures of the handover.
BOOST_FIXTURE_TEST_CASE(the_machine_stands_still_from_the_breakpoint_to_the_handovers_end, Stand) {
  check_finished(*this, run());
  const auto order = log();
  const auto hit = std::ranges::find(order, "breakpoint");
  BOOST_REQUIRE((hit != order.end()));
  const auto resumed = std::find(hit, order.end(), "continue");
  BOOST_REQUIRE((resumed != order.end()));
  const Texts between(hit + 1, resumed);
  BOOST_TEST(has(between, "registers"));
  BOOST_TEST(has(between, "peek"));
  BOOST_TEST(between.back() == "clear-breakpoint");
  BOOST_TEST(!has(between, "stop"));
  // Configuration space is read by ports, which have state: never beside a running guest.
  BOOST_TEST(!has(order, "peek-while-running"));
}

BOOST_FIXTURE_TEST_CASE(a_disk_is_laid_and_the_answer_of_no_test_is_awaited_without_drivers,
                        Stand) {
  auto disk = plan.devices[0];
  disk.name = "disk0";
  disk.address.device = 4;
  disk.busy = false;
  disk.mac.clear();
  disk.profile.backend = "disk";
  disk.profile.ring.reset();
  disk.profile.qemu = {{{"driver", "nvme"}, {"drive", "@backend"}, {"serial", "@name"}}};
  plan.devices.push_back(disk);
  plan.scenario.steps.drivers = false;
  check_finished(*this, run());
  BOOST_TEST(events(event::TestResult::name).empty());
  BOOST_TEST(!has(texts(event::Mark::name, "name"), "drivers"));
  BOOST_TEST(has(texts(event::Mark::name, "name"), "capture-end"));
}

// When QEMU or the harness is at fault.

BOOST_FIXTURE_TEST_CASE(a_qemu_that_dies_at_its_start_is_quoted, Stand) {
  at("start", "exit", "qemu: no machine of that name", 1);
  check_error(*this, run(), Errc::closed, "boot", "no machine of that name");
  BOOST_TEST(events(event::QemuStart::name).empty());
}

BOOST_FIXTURE_TEST_CASE(a_qemu_that_is_not_there_is_named, Stand) {
  plan.qemu = dir.path() / "nothing";
  check_error(*this, run(), Errc::not_found, "boot", "nothing");
}

BOOST_FIXTURE_TEST_CASE(a_qemu_that_does_not_greet_is_a_timeout, Stand) {
  at("qmp:greeting", "mute-qmp");
  impatient();
  check_error(*this, run(), Errc::timeout, "boot", "did not greet");
}

BOOST_DATA_TEST_CASE(
    a_qemu_that_exits_in_the_middle_is_quoted_with_its_exit_code,
    boost::unit_test::data::make(Texts{"hello:production", "agent:production:modules",
                                       "qmp:screendump", "agent:production:panic",
                                       "qmp:human-monitor-command", "agent:capture:modules"}) ^
        boost::unit_test::data::make(Texts{"boot", "arm", "arm", "panic", "handover", "capture"}),
    point, phase) {
  Stand stand;
  stand.at(point, "exit", "qemu: out of luck", 3);
  const auto done = stand.run();
  check_error(stand, done, Errc::closed, phase, "exit code 3");
  BOOST_TEST(done.error().describe().find("out of luck") != std::string::npos);
  const auto ended = stand.events(event::QemuExit::name);
  BOOST_REQUIRE_EQUAL(ended.size(), 1U);
  BOOST_TEST(ended[0]["how"] == "exit code 3");
  BOOST_TEST(ended[0]["expected"] == false);
}

BOOST_FIXTURE_TEST_CASE(the_last_words_before_qemu_exits_are_kept, Stand) {
  at("agent:production:kexec-load", "say", "last words without an end");
  at("gdb:Z1", "exit", "", 3);
  check_error(*this, run(), Errc::closed, "arm", "exit code 3");
  const auto serial = read_file(out() / record::file::serial).value();
  BOOST_TEST(serial.find("last words") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_qmp_that_falls_silent_is_a_timeout_and_qemu_is_ended_all_the_same,
                        Stand) {
  at("qmp:stop", "mute-qmp");
  impatient();
  check_error(*this, run(), Errc::timeout, "arm", "QMP stop");
  BOOST_TEST(texts(event::QemuExit::name, "how").at(0).starts_with("signal 15"));
}

BOOST_FIXTURE_TEST_CASE(a_breakpoint_that_is_refused_ends_the_run, Stand) {
  at("gdb:Z1", "ignore");
  check_error(*this, run(), Errc::unsupported, "arm", "breakpoint");
}

BOOST_FIXTURE_TEST_CASE(a_stop_reply_nobody_asked_for_does_not_disturb, Stand) {
  at("gdb:?", "twice");
  check_finished(*this, run());
  BOOST_TEST(events(event::Handover::name).size() == 1U);
}

// A used-up receive ring once made the harness wait ten seconds a frame.
BOOST_FIXTURE_TEST_CASE(a_device_that_takes_no_frames_does_not_hold_up_the_run, Stand) {
  at("net", "ignore");
  plan.devices[0].activity["rate"] = 20000;
  plan.scenario.panic.busy = Seconds(1);
  plan.scenario.timeouts.total = Seconds(60);
  check_finished(*this, run());
  // A gapless count of what fitted into the socket.
  const auto fed = events(event::Feed::name);
  BOOST_REQUIRE(!fed.empty());
  BOOST_TEST(fed.back()["sequence"] == fed.size() - 1);
  BOOST_TEST(fed.size() < 5000U);
}

// The production kernel.

BOOST_FIXTURE_TEST_CASE(a_kernel_that_says_nothing_is_a_timeout_of_the_boot, Stand) {
  at("boot:production", "ignore");
  impatient();
  check_error(*this, run(), Errc::timeout, "boot", "first line on the console");
}

// With "quiet", every distribution's default, the run ended: "said nothing for 60 s while waiting
// for the production kernel's first line on the console".
BOOST_FIXTURE_TEST_CASE(a_silent_console_is_no_sign_of_death_when_the_agent_is_up, Stand) {
  at("boot:production", "mute-console");
  check_finished(*this, run());
}

BOOST_FIXTURE_TEST_CASE(an_agent_that_never_says_hello_is_a_timeout, Stand) {
  at("hello:production", "ignore");
  impatient();
  check_error(*this, run(), Errc::timeout, "boot", "agent of the production kernel");
}

BOOST_FIXTURE_TEST_CASE(an_agent_that_falls_silent_is_named_with_the_request, Stand) {
  at("agent:production:kexec-load", "mute-agent");
  impatient();
  check_error(*this, run(), Errc::timeout, "arm", "kexec-load");
}

BOOST_FIXTURE_TEST_CASE(an_agents_error_is_passed_on, Stand) {
  at("agent:production:describe", "error", "kallsyms hides it");
  check_error(*this, run(), Errc::unsupported, "arm", "kallsyms hides it");
}

BOOST_FIXTURE_TEST_CASE(noise_on_the_agents_line_is_counted_and_passed_over, Stand) {
  at("agent:production:describe", "noise", "[    5.0] a kernel's line\r\n");
  check_finished(*this, run());
  BOOST_TEST(events(event::Usage::name).at(0)["agent_noise_bytes"].get<int>() == 27);
}

BOOST_FIXTURE_TEST_CASE(an_agent_of_another_version_is_told_apart_from_silence, Stand) {
  at("hello:production", "foreign");
  check_error(*this, run(), Errc::protocol, "boot", "another version");
}

BOOST_FIXTURE_TEST_CASE(a_guest_that_resets_while_it_is_armed_is_an_error, Stand) {
  at("agent:production:activity-start", "reset");
  check_error(*this, run(), Errc::closed, "arm", "went down (guest-reset)");
}

BOOST_DATA_TEST_CASE(a_kernel_that_crashes_before_it_is_asked_to_is_an_error,
                     boost::unit_test::data::make(Texts{"agent:production:activity-start",
                                                        "agent:production:screen-text"}),
                     point) {
  Stand stand;
  stand.at(point, "crash");
  check_error(stand, stand.run(), Errc::unsupported, "arm", "before it was asked to");
}

// From the panic on what goes wrong is the kernel's.

// The stop was taken for the breakpoint's, and a machine in firmware for the handover.
BOOST_FIXTURE_TEST_CASE(a_guest_that_resets_instead_of_entering_kexec_is_evidence, Stand) {
  at("panic", "reset");
  check_finished(*this, run());
  BOOST_TEST(texts(event::Cpus::name, "at") == Texts{"panic"}, boost::test_tools::per_element());
  BOOST_TEST(events(event::Handover::name).empty());
  BOOST_TEST(texts(event::Mark::name, "name") == Texts{"production"},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_panic_that_never_reaches_kexec_is_evidence, Stand) {
  at("kexec", "ignore");
  impatient();
  check_finished(*this, run());
  BOOST_TEST(texts(event::Cpus::name, "at") == Texts{"panic"}, boost::test_tools::per_element());
  BOOST_TEST(has(texts(event::SerialLine::name, "what"), "panic"));
}

BOOST_DATA_TEST_CASE(a_capture_kernel_that_never_comes_is_evidence,
                     boost::unit_test::data::make(Texts{"ignore", "reset"}), action) {
  Stand stand;
  stand.at("boot:capture", action);
  stand.impatient();
  check_finished(stand, stand.run());
  BOOST_TEST(stand.texts(event::Cpus::name, "at") == (Texts{"handover", "capture"}),
             boost::test_tools::per_element());
  BOOST_TEST(!has(stand.texts(event::Mark::name, "name"), "capture-entry"));
}

BOOST_FIXTURE_TEST_CASE(a_capture_kernel_that_resets_is_evidence_of_the_step, Stand) {
  at("agent:capture:modules", "reset");
  check_finished(*this, run());
  const auto stuck = events("capture.stuck");
  BOOST_REQUIRE_EQUAL(stuck.size(), 1U);
  BOOST_TEST(stuck[0]["step"] == "drivers");
  BOOST_TEST(stuck[0]["guest_down"] == "guest-reset");
}

BOOST_FIXTURE_TEST_CASE(a_capture_kernel_that_hangs_is_evidence_of_the_step, Stand) {
  at("agent:capture:modules", "mute-agent");
  at("key:h", "ignore");
  impatient();
  check_finished(*this, run());
  const auto stuck = events("capture.stuck");
  BOOST_REQUIRE_EQUAL(stuck.size(), 1U);
  BOOST_TEST(stuck[0]["step"] == "drivers");
  BOOST_TEST(has(texts(event::Cpus::name, "at"), "drivers"));
}

BOOST_FIXTURE_TEST_CASE(a_silent_agent_in_a_capture_kernel_that_answers_is_our_own_fault, Stand) {
  at("agent:capture:modules", "mute-agent");
  impatient();
  check_error(*this, run(), Errc::timeout, "capture", "the agent fell silent though");
}

BOOST_FIXTURE_TEST_CASE(a_test_that_the_agent_refuses_has_failed, Stand) {
  at("agent:capture:test", "error", "no such interface");
  check_finished(*this, run());
  const auto results = events(event::TestResult::name);
  BOOST_REQUIRE_EQUAL(results.size(), 2U);
  BOOST_TEST(results[0]["ok"] == false);
  BOOST_TEST(results[0]["why"] == "unsupported");
  BOOST_TEST(results[0]["detail"].get<std::string>().find("no such interface") !=
             std::string::npos);
}

// The harness's own word for it was "unsupported", whatever the agent said.
BOOST_FIXTURE_TEST_CASE(a_test_that_waited_in_vain_says_so_in_the_agents_word, Stand) {
  at("agent:capture:test", "answer",
     R"({"error": {"code": "timeout", "message": "no disk appeared"}})");
  check_finished(*this, run());
  const auto results = events(event::TestResult::name);
  BOOST_REQUIRE_EQUAL(results.size(), 2U);
  BOOST_TEST(results[0]["why"] == "timeout");
  BOOST_TEST(results[0]["detail"] == "the agent cannot test: no disk appeared");
}

BOOST_FIXTURE_TEST_CASE(a_run_has_a_total_time, Stand) {
  at("hello:production", "ignore");
  plan.scenario.timeouts.total = Seconds(3);
  check_error(*this, run(), Errc::timeout, "boot", "took longer than");
}

BOOST_AUTO_TEST_SUITE_END()
