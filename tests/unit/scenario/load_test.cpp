// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/load.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_load)

using namespace quiesce;
using namespace quiesce::scenario;
using testing::complaints;
using testing::scenario_text;
using testing::small_vocabulary;

namespace {
Scenario good(const std::string& text, const std::vector<Override>& overrides = {}) {
  auto loaded = load_text(text, "s.json", small_vocabulary(), overrides);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), complaints(loaded));
  return loaded->at(0);
}
}  // namespace

BOOST_AUTO_TEST_CASE(the_shortest_scenario_has_all_defaults_and_all_checks) {
  const Scenario scenario = good(scenario_text());
  BOOST_TEST(scenario.name == "s");
  BOOST_TEST(scenario.machine.cpus == 2);
  BOOST_TEST((scenario.machine.memory == 1_GiB));
  BOOST_TEST((scenario.panic.method == "sysrq"));
  BOOST_TEST(!scenario.panic.cpu.has_value());
  BOOST_TEST(scenario.steps.tests);
  BOOST_TEST(scenario.checks.size() == 3U);
  const nlohmann::json expected = {{"deadline", "drivers"}, {"patience", "1s"}};
  BOOST_TEST(scenario.checks.at("dma.stopped") == expected);
}

// A new check had to be added to every scenario's list.
BOOST_AUTO_TEST_CASE(a_star_among_the_checks_stands_for_all_that_are_not_named) {
  const Scenario scenario =
      good(scenario_text(R"("checks": {"*": {}, "dma.stopped": {"deadline": "capture-entry"}})"));
  BOOST_TEST(scenario.checks.size() == 3U);
  BOOST_TEST(scenario.checks.count("*") == 0U);
  BOOST_TEST(scenario.checks.at("dma.stopped")["deadline"] == "capture-entry");
  BOOST_TEST(complaints(scenario_text(R"("checks": {"*": {"deadline": "drivers"}})")) ==
             R"(s.json: /checks/*: "*" takes no parameters; name the check that they are for)");
}

BOOST_AUTO_TEST_CASE(every_key_is_read) {
  const Scenario scenario = good(R"({"$schema": "x", "format": 1, "name": "n", "description": "d",
    "machine": {"type": "q35", "cpus": 4, "memory": "2GiB", "accel": "tcg"},
    "production": {"kernel": "k", "crashkernel": "512M", "command_line": "a=b"},
    "capture": {"kernel": "c", "command_line": "d"},
    "devices": [{"profile": "e1000e", "name": "nic", "activity": {"rate": 200}, "busy": false,
                 "driver_in_capture": false}],
    "panic": {"method": "init-exit", "busy": "1.5s", "cpu": 3},
    "steps": {"window": "250ms", "drivers": false, "tests": false},
    "checks": {"dma.stopped": {"deadline": "capture-entry", "limit": 3}},
    "timeouts": {"total": "10min", "progress": "2min"}, "seed": 4294967295})");
  BOOST_TEST(scenario.name == "n");
  BOOST_TEST(scenario.description == "d");
  BOOST_TEST(scenario.machine.cpus == 4);
  BOOST_TEST((scenario.machine.memory == 2_GiB));
  BOOST_TEST((scenario.machine.accel == Accel::tcg));
  BOOST_TEST((scenario.production.crashkernel == 512_MiB));
  BOOST_TEST(scenario.production.command_line == "a=b");
  BOOST_TEST(scenario.capture.kernel == "c");
  BOOST_TEST(scenario.capture.command_line == "d");
  BOOST_TEST(scenario.devices.at(0).name == "nic");
  BOOST_TEST(scenario.devices.at(0).activity["rate"] == 200);
  BOOST_TEST(!scenario.devices.at(0).busy);
  BOOST_TEST(!scenario.devices.at(0).driver_in_capture);
  BOOST_TEST((scenario.panic.method == "init-exit"));
  BOOST_TEST(scenario.panic.busy.count() == 1.5);
  BOOST_TEST(scenario.panic.cpu.value() == 3);
  BOOST_TEST(scenario.steps.window.count() == 0.25);
  BOOST_TEST(!scenario.steps.drivers);
  BOOST_TEST(scenario.timeouts.total.count() == 600);
  BOOST_TEST(scenario.timeouts.progress.count() == 120);
  BOOST_TEST(scenario.seed == 4294967295U);
  const nlohmann::json expected = {{"deadline", "capture-entry"}, {"limit", 3}, {"patience", "1s"}};
  BOOST_TEST(scenario.checks.size() == 1U);
  BOOST_TEST(scenario.checks.at("dma.stopped") == expected);
}

BOOST_AUTO_TEST_CASE(everything_wrong_is_said_in_one_go) {
  BOOST_TEST(complaints(R"({"format": 2, "nane": "x",
    "machine": {"type": "pc", "cpus": "two", "memory": "1TiB", "accel": "kwm"},
    "production": {"kernel": 7, "crashkernel": "1000"},
    "devices": [{"profile": "e1000", "busy": 1}, {"name": "Nic", "profile": "vga"}, 3],
    "panic": {"method": "sysreq", "busy": "-1s", "cpu": 64},
    "steps": {"window": "ten"}, "timeouts": [],
    "checks": {"dma.stoped": {}, "kernel.log": 1}, "seed": -1})") ==
             R"(s.json: /nane: unknown key "nane"; did you mean "name"?
s.json: /format: expected 1, found 2
s.json: /machine/type: expected "q35", found "pc"
s.json: /machine/cpus: expected a whole number from 1 to 64, found "two"
s.json: /machine/memory: expected a size from 256 MiB to 64 GiB in whole MiB, as "256MiB", found "1TiB"
s.json: /machine/accel: expected one of "auto", "kvm", "tcg", found "kwm"; did you mean "kvm"?
s.json: /production/kernel: expected a line of text of at most 4000 bytes, found 7
s.json: /production/crashkernel: expected a size from 1 MiB to 64 GiB in whole MiB, as "256MiB", found "1000"
s.json: /devices/0/busy: expected true or false, found 1
s.json: /devices/1/name: expected a text of the form [a-z][a-z0-9-]{0,22}, found "Nic"
s.json: /devices/2: expected an object, found 3
s.json: /panic/method: expected one of "sysrq", "sysrq-keyboard", "nmi", "init-exit", found "sysreq"; did you mean "sysrq"?
s.json: /panic/busy: expected a duration from 0s to 600s, as "2s", found "-1s"
s.json: /panic/cpu: expected a whole number from 0 to 63, found 64
s.json: /steps/window: expected a duration from 0s to 600s, as "2s", found "ten"
s.json: /checks/kernel.log: expected an object of parameters, found 1
s.json: /timeouts: expected an object, found an empty list
s.json: /seed: expected a whole number from 0 to 4294967295, found -1
s.json: /devices/0/profile: unknown profile "e1000"; did you mean "e1000e"?
s.json: /checks/dma.stoped: unknown check "dma.stoped"; did you mean "dma.stopped"?)");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  BOOST_TEST(complaints("{}") ==
             "s.json: the key \"format\" is missing: Version of this format\n"
             "s.json: the key \"production\" is missing: The production kernel");
  BOOST_TEST(complaints(R"({"format": 1, "production": {}})") ==
             "s.json: /production: the key \"kernel\" is missing: The kernel that crashes: a name "
             "or a path");
  BOOST_TEST(complaints(R"({"format": 1, "production": {"kernel": ""}})") ==
             "s.json: /production/kernel: expected a kernel, as \"debian:6.1\", found \"\"");
  BOOST_TEST(complaints("[]") == "s.json: expected an object, found an empty list");
}

BOOST_AUTO_TEST_CASE(a_far_off_key_gets_the_list_of_known_ones) {
  BOOST_TEST(complaints(scenario_text(R"("steps": {"quux-quux": 1})")) ==
             "s.json: /steps/quux-quux: unknown key \"quux-quux\"; expected one of \"production\", "
             "\"before_drivers\", \"climb\", \"settle\", \"gating\", \"window\", "
             "\"drivers\", \"tests\"");
}

BOOST_AUTO_TEST_CASE(crashkernel_must_leave_memory_and_the_remedy_is_named) {
  BOOST_TEST(
      complaints(R"({"format": 1, "machine": {"memory": "512MiB"},
                            "production": {"kernel": "k", "crashkernel": "384MiB"}})") ==
      "s.json: /production/crashkernel: 384 MiB of 512 MiB memory does not leave the production "
      "kernel the 256 MiB it needs; set machine.memory to at least 640MiB or "
      "production.crashkernel to at most 256MiB");
  BOOST_TEST(
      complaints(R"({"format": 1, "machine": {"memory": "256MiB"},
                            "production": {"kernel": "k"}})") ==
      "s.json: /production/crashkernel: 256 MiB of 256 MiB memory does not leave the production "
      "kernel the 256 MiB it needs; set machine.memory to at least 512MiB");
  BOOST_TEST(complaints(R"({"format": 1, "machine": {"memory": "512MiB"},
                            "production": {"kernel": "k", "crashkernel": "256MiB"}})") == "");
}

BOOST_AUTO_TEST_CASE(rules_between_keys_hold) {
  BOOST_TEST(complaints(scenario_text(R"("panic": {"cpu": 2})")) ==
             "s.json: /panic/cpu: expected a CPU from 0 to 1 (machine.cpus is 2), found 2");
  BOOST_TEST(complaints(scenario_text(R"("panic": {"cpu": 0, "method": "nmi"})")) ==
             "s.json: /panic/cpu: the CPU can be chosen with the methods \"sysrq\" and "
             "\"init-exit\" only");
  BOOST_TEST(
      complaints(scenario_text(
          R"("timeouts": {"total": "10s", "progress": "11s"}, "panic": {"busy": "8s"})")) ==
      "s.json: /timeouts/progress: 11s is longer than timeouts.total, 10s\n"
      "s.json: /timeouts/total: 10s is no longer than panic.busy and steps.window together, 11s");
  BOOST_TEST(complaints(scenario_text(R"("steps": {"drivers": false, "tests": true})")) ==
             "s.json: /steps/tests: the function tests need drivers: set steps.drivers to true");
  BOOST_TEST(complaints(scenario_text(
                 R"("capture": {"kernel": "", "command_line": "a quiesce.role=x"})")) ==
             "s.json: /capture/kernel: expected a kernel or \"same\", found \"\"\n"
             "s.json: /capture/command_line: kernel parameters that begin with \"quiesce.\" are "
             "the harness's own");
}

BOOST_AUTO_TEST_CASE(without_drivers_there_are_no_tests) {
  BOOST_TEST(!good(scenario_text(R"("steps": {"drivers": false})")).steps.tests);
}

BOOST_AUTO_TEST_CASE(a_device_without_a_name_gets_profile_and_number) {
  const Scenario scenario = good(scenario_text(
      R"("devices": [{"profile": "vga"}, {"profile": "e1000e", "name": "vga1"}, {"profile": "vga"}])"));
  BOOST_TEST(scenario.devices.at(0).name == "vga0");
  BOOST_TEST(scenario.devices.at(2).name == "vga2");
}

BOOST_AUTO_TEST_CASE(two_devices_of_one_name_are_refused) {
  BOOST_TEST(
      complaints(scenario_text(
          R"("devices": [{"profile": "vga", "name": "a"}, {"profile": "e1000e", "name": "a"}])")) ==
      "s.json: /devices/1/name: the name \"a\" is taken by device 0");
}

BOOST_AUTO_TEST_CASE(a_machine_has_room_for_29_devices) {
  std::string devices = R"({"profile": "vga"})";
  for (int count = 1; count < 29; ++count) devices += R"(, {"profile": "vga"})";
  BOOST_TEST(complaints(scenario_text("\"devices\": [" + devices + "]")) == "");
  devices += R"(, {"profile": "vga"})";
  BOOST_TEST(complaints(scenario_text("\"devices\": [" + devices + "]")) ==
             "s.json: /devices: expected a list of at most 29 objects, found 30");
}

BOOST_AUTO_TEST_CASE(activity_parameters_are_those_of_the_profile) {
  BOOST_TEST(
      complaints(scenario_text(
          R"("devices": [{"profile": "e1000e", "activity": {"rates": 1, "rate": "10", "frame": 9000,
                     "kind": "disk-read"}}, {"profile": "vga", "activity": {"rate": 1}}])")) ==
      "s.json: /devices/0/activity/frame: expected a whole number from 60 to 1514, found 9000\n"
      "s.json: /devices/0/activity/kind: the kind of activity is profile \"e1000e\"'s: name "
      "another profile\n"
      "s.json: /devices/0/activity/rate: expected a whole number from 0 to 1000000, found \"10\"\n"
      "s.json: /devices/0/activity/rates: unknown activity parameter of profile \"e1000e\" "
      "\"rates\"; did "
      "you mean \"rate\"?\n"
      "s.json: /devices/1/activity/rate: unknown activity parameter of profile \"vga\" \"rate\"; "
      "there are "
      "none");
}

BOOST_AUTO_TEST_CASE(check_parameters_have_types) {
  BOOST_TEST(
      complaints(scenario_text(
          R"("checks": {"dma.stopped": {"deadline": "driver", "patience": 1, "limit": "x", "dedline": 1},
                     "kernel.log": {"ignore": ["a", 2], "strict": "yes", "text": null},
                     "capture.entered": {"x": 1}})")) ==
      R"(s.json: /checks/capture.entered/x: unknown parameter "x"; there are none
s.json: /checks/dma.stopped/deadline: expected one of "capture-entry", "drivers", found "driver"; did you mean "drivers"?
s.json: /checks/dma.stopped/patience: expected a duration from 0s to 86400s, as "2s", found 1
s.json: /checks/dma.stopped/limit: expected a number, found "x"
s.json: /checks/dma.stopped/dedline: unknown parameter "dedline"; did you mean "deadline"?
s.json: /checks/kernel.log/ignore: entry 1: expected a line of text of 1 to 400 bytes, found 2
s.json: /checks/kernel.log/strict: expected true or false, found "yes"
s.json: /checks/kernel.log/text: expected a line of text of at most 400 bytes, found null)");
}

BOOST_AUTO_TEST_CASE(a_text_may_not_hold_control_characters) {
  BOOST_TEST(complaints(scenario_text(R"("capture": {"command_line": "a\nb"})")) ==
             "s.json: /capture/command_line: expected a line of text of at most 1500 bytes, found "
             "\"a b\"");
  BOOST_TEST(complaints(scenario_text(R"("capture": {"command_line": "a\u0000b"})")) != "");
}

BOOST_AUTO_TEST_CASE(a_long_value_is_cut_in_the_message) {
  const std::string all = complaints(
      scenario_text("\"description\": {\"a\": 1}, \"name\": \"" + std::string(5000, 'x') + "\""));
  BOOST_TEST(all.find(std::string(60, 'x') + "...\"") != std::string::npos);
  BOOST_TEST(all.find(std::string(61, 'x')) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(no_more_than_a_hundred_diagnostics_are_listed) {
  std::string many;
  for (int count = 0; count < 120; ++count)
    many += (count > 0 ? ", {" : "{") + std::string(R"("x": 1, "y": 2})");
  const auto loaded = load_text(scenario_text("\"matrix\": {\"seed\": [" + many + "]}"), "s.json",
                                small_vocabulary());
  BOOST_REQUIRE(!loaded.has_value());
  BOOST_TEST(loaded.error().size() <= 101U);
}

BOOST_AUTO_TEST_CASE(a_key_with_control_characters_is_not_printed_raw) {
  const std::string all = complaints(scenario_text(R"("\u001b[31mred\u0007": 1)"));
  BOOST_TEST(all.find("unknown key \"red\"") != std::string::npos);
  BOOST_TEST(all.find('\x1b') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_is_one_diagnostic) {
  const auto loaded = load("/nonexistent/s.json", small_vocabulary());
  BOOST_REQUIRE(!loaded.has_value());
  BOOST_TEST(loaded.error().size() == 1U);
  BOOST_TEST(loaded.error()[0].file == "/nonexistent/s.json");
}

BOOST_AUTO_TEST_CASE(a_file_gives_its_name_to_the_scenario) {
  auto folder = TempDir::create();
  BOOST_REQUIRE(folder.has_value());
  const auto path = folder->path() / "my-test.json";
  BOOST_REQUIRE(replace_file(path, scenario_text()).has_value());
  const auto loaded = load(path, small_vocabulary());
  BOOST_REQUIRE(loaded.has_value());
  BOOST_TEST(loaded->at(0).name == "my-test");
}

BOOST_AUTO_TEST_SUITE_END()
