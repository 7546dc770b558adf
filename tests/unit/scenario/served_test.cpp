// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that are served, the ports that they sit behind, and what is done to them.
#include <boost/test/unit_test.hpp>

#include "harness/scenario/load.hpp"
#include "harness/scenario/plan.hpp"
#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_served)

using namespace quiesce;
using namespace quiesce::scenario;
using nlohmann::json;
using testing::scenario_text;

namespace {

/// With a model behind a port of its own.
Vocabulary vocabulary() {
  Vocabulary vocabulary = testing::small_vocabulary();
  Profile engine;
  engine.name = "engine";
  engine.qemu = {{{"driver", "vfio-user-pci"},
                  {"id", "@name"},
                  {"addr", "@addr"},
                  {"bus", "@port"},
                  {"socket", "@socket"}}};
  engine.activity = {{"kind", "model-run"}, {"rate", 100}};
  engine.server = ServerSpec{.model = "engine", .command = {}, .socket = {}};
  engine.settings = {{"tagged", true}, {"delay", 1.5}, {"word", "a"}};
  engine.port = true;
  vocabulary.profiles.push_back(engine);
  return vocabulary;
}

std::string wrong(const std::string& more) {
  return testing::complaints(load_text(scenario_text(more), "s.json", vocabulary(), {}));
}

Scenario good(const std::string& more) {
  auto loaded = load_text(scenario_text(more), "s.json", vocabulary(), {});
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), testing::complaints(loaded));
  return loaded->at(0);
}

std::vector<PlannedDevice> placed(const std::string& devices) {
  auto planned = place_devices(good("\"devices\": [" + devices + "]"), vocabulary().profiles);
  BOOST_REQUIRE_MESSAGE(planned.has_value(), (planned ? "" : planned.error().describe()));
  return *planned;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_key_of_a_served_device_and_of_actions_is_read) {
  const Scenario scenario = good(R"("devices": [
      {"profile": "engine", "name": "a", "port": "p0", "settings": {"delay": 3},
       "server": {"command": ["prog", "@socket"]}}, {"profile": "vga"}],
    "steps": {"production": [{"do": "reset", "method": "flr", "devices": ["a"]}],
              "before_drivers": [{"do": "nothing"}, {"do": "bus-master-off"}, {"do": "hot-reset"},
                                 {"do": "remove-rescan"}, {"do": "d3hot"}],
              "climb": true, "settle": "2s", "gating": "always"})");
  const DeviceSpec& device = scenario.devices.at(0);
  BOOST_TEST(device.port == "p0");
  BOOST_TEST(device.settings["delay"] == 3);
  BOOST_TEST(device.server->command.at(1) == "@socket");
  const Steps& steps = scenario.steps;
  BOOST_REQUIRE_EQUAL(steps.production.size(), 1U);
  BOOST_TEST((steps.production[0].what == ActionKind::reset));
  BOOST_TEST(steps.production[0].method == "flr");
  BOOST_TEST(steps.production[0].devices.at(0) == "a");
  const ActionKind kinds[] = {ActionKind::nothing, ActionKind::bus_master_off,
                              ActionKind::hot_reset, ActionKind::remove_rescan, ActionKind::d3hot};
  BOOST_REQUIRE_EQUAL(steps.before_drivers.size(), std::size(kinds));
  for (std::size_t at = 0; at < std::size(kinds); ++at)
    BOOST_TEST((steps.before_drivers[at].what == kinds[at]), at);
  BOOST_TEST(steps.climb);
  BOOST_TEST(steps.settle.count() == 2);
  BOOST_TEST((steps.gating == Gating::always));
}

BOOST_AUTO_TEST_CASE(what_is_not_asked_for_is_not_done) {
  const Steps steps = good(R"("devices": [{"profile": "engine"}])").steps;
  BOOST_TEST(steps.production.empty());
  BOOST_TEST(steps.before_drivers.empty());
  BOOST_TEST(!steps.climb);
  BOOST_TEST(steps.settle.count() == 1);
  BOOST_TEST((steps.gating == Gating::automatic));
}

BOOST_AUTO_TEST_CASE(wrong_types_are_named_with_their_places) {
  BOOST_TEST(
      wrong(R"("devices": [{"profile": "engine", "port": "P0", "settings": 1, "server": []}],
    "steps": {"production": {}, "before_drivers": [{"method": "flr"}, {"do": "rest"}, 7,
              {"do": "reset", "method": "frl"}, {"do": "nothing", "devices": "a"}],
              "climb": "yes", "settle": 1, "gating": "maybe"})") ==
      R"(s.json: /devices/0/port: expected a text of the form ([a-z][a-z0-9-]{0,22})?, found "P0"
s.json: /devices/0/settings: expected an object, found 1
s.json: /devices/0/server: expected an object, found an empty list
s.json: /steps/production: expected a list of at most 16 objects, found an empty object
s.json: /steps/before_drivers/0: the key "do" is missing: What is done
s.json: /steps/before_drivers/1/do: expected one of "nothing", "bus-master-off", "reset", "hot-reset", "remove-rescan", "d3hot", found "rest"; did you mean "reset"?
s.json: /steps/before_drivers/2: expected an object, found 7
s.json: /steps/before_drivers/3/method: expected one of "", "device_specific", "acpi", "flr", "af_flr", "pm", "bus", "cxl_bus", found "frl"; did you mean "flr"?
s.json: /steps/before_drivers/4/devices: expected a list of at most 29 texts, found "a"
s.json: /steps/climb: expected true or false, found "yes"
s.json: /steps/settle: expected a duration from 0s to 60s, as "2s", found 1
s.json: /steps/gating: expected one of "auto", "off", "always", found "maybe")");
}

BOOST_AUTO_TEST_CASE(an_action_is_whole_and_its_devices_are_there) {
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine", "name": "engine0"}],
    "steps": {"production": [{"do": "reset"}],
              "before_drivers": [{"do": "d3hot", "method": "pm"},
                                 {"do": "nothing", "devices": ["engine0", "engin0"]}]})") ==
             R"(s.json: /steps/production/0/method: "reset" needs a method, as "flr"
s.json: /steps/before_drivers/0/method: only "reset" has a method
s.json: /steps/before_drivers/1/devices/1: unknown device "engin0"; did you mean "engine0"?)");
}

BOOST_AUTO_TEST_CASE(the_settling_of_all_actions_fits_into_the_run) {
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine"}], "panic": {"busy": "1s"},
    "timeouts": {"total": "20s", "progress": "5s"},
    "steps": {"window": "1s", "settle": "9s",
              "before_drivers": [{"do": "nothing"}, {"do": "hot-reset"}]})") ==
             "s.json: /timeouts/total: 20s is no longer than panic.busy, steps.window and "
             "steps.settle of each action together, 20s");
}

BOOST_AUTO_TEST_CASE(settings_are_those_of_the_profile) {
  BOOST_TEST(
      wrong(R"("devices": [{"profile": "engine", "settings": {"delai": 1, "tagged": 1,
                                                                     "word": 2, "delay": 7}},
                                  {"profile": "vga", "settings": {"tagged": true}}])") ==
      R"(s.json: /devices/0/settings/delai: unknown setting of profile "engine" "delai"; did you mean "delay"?
s.json: /devices/0/settings/tagged: expected a value such as true, found 1
s.json: /devices/0/settings/word: expected a value such as "a", found 2
s.json: /devices/1/settings/tagged: unknown setting of profile "vga" "tagged"; there are none)");
}

// Both were found out by QEMU only, which could not connect to a server that was not there.
BOOST_AUTO_TEST_CASE(a_model_and_a_word_of_a_server_that_are_none_are_named) {
  BOOST_TEST(
      wrong(R"("devices": [{"profile": "engine", "server": {"model": "engin"}}])") ==
      R"(s.json: /devices/0/server/model: there is no model "engin"; did you mean "engine"? "quiesce device list" shows all)");
  BOOST_TEST(
      wrong(
          R"("devices": [{"profile": "engine", "server": {"command": ["prog", "@sokcet", "@x"]}}])") ==
      R"(s.json: /devices/0/server/command/1: "@sokcet" stands for nothing; did you mean "@socket"?)");
}

BOOST_AUTO_TEST_CASE(a_server_is_one_thing_and_only_for_a_served_device) {
  BOOST_TEST(wrong(R"("devices": [{"profile": "vga", "server": {"socket": "/s"}}])") ==
             "s.json: /devices/0/server: profile \"vga\" is a device of QEMU's own: it is not "
             "served; take the profile \"vfio-user\"");
  const std::string one_of =
      "s.json: /devices/0/server: expected exactly one of \"model\", \"command\" and \"socket\"";
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine", "server": {}}])") == one_of);
  BOOST_TEST(
      wrong(R"("devices": [{"profile": "engine", "server": {"model": "m", "socket": "/s"}}])") ==
      one_of);
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine", "server": {"socket": "/s"}}])") == "");
}

// It made QEMU's own device one that needs another QEMU.
BOOST_AUTO_TEST_CASE(an_empty_server_of_a_device_of_qemus_own_is_none) {
  const auto planned = placed(R"({"profile": "vga", "server": {}})");
  BOOST_TEST(!planned[0].server.has_value());
  BOOST_TEST(!needs_vfio_user(planned));
}

BOOST_AUTO_TEST_CASE(a_port_takes_eight_functions_and_a_name_of_its_own) {
  std::string devices = R"({"profile": "vga", "port": "p"})";
  for (int count = 1; count < 8; ++count) devices += R"(, {"profile": "vga", "port": "p"})";
  BOOST_TEST(wrong("\"devices\": [" + devices + "]") == "");
  devices += R"(, {"profile": "vga", "port": "p"})";
  BOOST_TEST(wrong("\"devices\": [" + devices + "]") ==
             "s.json: /devices/8/port: port \"p\" has 8 functions already");
  BOOST_TEST(wrong(R"("devices": [{"profile": "vga", "port": "nic"},
                                  {"profile": "e1000e", "name": "nic"}])") ==
             "s.json: /devices/0/port: \"nic\" is the name of a device");
}

// Two devices of one id ended QEMU; a device on the port of another became its second function.
BOOST_AUTO_TEST_CASE(the_port_that_a_device_has_to_itself_is_nobody_elses) {
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine", "name": "a"},
                                  {"profile": "vga", "name": "a-port"}])") ==
             "s.json: /devices/1/name: \"a-port\" is the name of another device's port");
  BOOST_TEST(wrong(R"("devices": [{"profile": "engine", "name": "a"},
                                  {"profile": "vga", "port": "a-port"}])") ==
             "s.json: /devices/1/port: \"a-port\" is the port of a device alone");
}

BOOST_AUTO_TEST_CASE(ports_take_slots_in_order_and_number_their_buses_and_functions) {
  const auto planned = placed(R"({"profile": "vga"}, {"profile": "engine", "name": "a"},
      {"profile": "e1000e", "name": "nic0", "port": "two"}, {"profile": "vga", "name": "v"},
      {"profile": "engine", "name": "b", "port": "two"}, {"profile": "engine", "name": "c"})");
  struct Place {
    const char* address;
    const char* port;
    int slot;
    bool shared;
  };
  const Place places[] = {{"0000:00:02.0", "", 0, false},   {"0000:01:00.0", "a-port", 3, false},
                          {"0000:02:00.0", "two", 4, true}, {"0000:00:05.0", "", 0, false},
                          {"0000:02:00.1", "two", 4, true}, {"0000:03:00.0", "c-port", 6, false}};
  BOOST_REQUIRE_EQUAL(planned.size(), std::size(places));
  for (std::size_t at = 0; at < planned.size(); ++at) {
    BOOST_TEST_CONTEXT(at) {
      BOOST_TEST(to_string(planned[at].address) == places[at].address);
      BOOST_TEST(planned[at].port == places[at].port);
      BOOST_TEST(planned[at].port_slot == places[at].slot);
      BOOST_TEST(planned[at].shared == places[at].shared);
    }
  }
  BOOST_TEST(needs_vfio_user(planned));
}

BOOST_AUTO_TEST_CASE(settings_and_server_come_from_the_profile_unless_they_are_given) {
  const auto planned = placed(R"({"profile": "engine", "settings": {"delay": 4}},
                                 {"profile": "engine", "server": {"socket": "/run/s"}})");
  const json settings{{"tagged", true}, {"delay", 4}, {"word", "a"}};
  BOOST_TEST(planned[0].settings == settings);
  BOOST_TEST(planned[0].server->model == "engine");
  BOOST_TEST(planned[1].server->model == "");
  BOOST_TEST(planned[1].server->socket == "/run/s");
}

// The name of a long-named device's port was longer than a plan could be read back with.
BOOST_AUTO_TEST_CASE(a_plan_with_ports_servers_and_actions_comes_back_from_its_json) {
  RunPlan plan;
  plan.scenario = good(R"("devices": [
      {"profile": "engine", "name": "a-name-of-23-characters", "settings": {"delay": 2}},
      {"profile": "e1000e", "port": "p"}, {"profile": "vga", "port": "p"}],
    "steps": {"production": [{"do": "reset", "method": "pm"}],
              "before_drivers": [{"do": "hot-reset", "devices": ["e1000e0"]}],
              "climb": true, "settle": "0.5s", "gating": "off"})");
  plan.devices = place_devices(plan.scenario, vocabulary().profiles).value();
  plan.production.image = plan.capture.image = "/k";
  plan.production.initramfs = plan.capture.initramfs = "/i";
  plan.accel = "tcg";
  plan.qemu = "/q";
  const json written = to_json(plan);
  const auto read = plan_from_json(json::parse(written.dump()));
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().describe()));
  BOOST_TEST(to_json(*read) == written);
  BOOST_TEST(read->devices.at(0).port == "a-name-of-23-characters-port");
  BOOST_TEST(read->devices.at(0).server->model == "engine");
  BOOST_TEST(read->devices.at(0).settings["delay"] == 2);
  BOOST_TEST(read->devices.at(2).shared);
  BOOST_TEST(read->devices.at(2).port_slot == read->devices.at(1).port_slot);
  BOOST_TEST(read->scenario.steps.before_drivers.at(0).devices.at(0) == "e1000e0");
  BOOST_TEST((read->scenario.steps.gating == Gating::off));
  BOOST_TEST(read->scenario.steps.settle.count() == 0.5);
}

BOOST_AUTO_TEST_CASE(a_profile_with_a_server_names_its_socket_and_the_other_way_round) {
  const auto profile = [](const std::string& device, const std::string& more) {
    return testing::complaints(load_profile_text(
        R"({"format": 1, "name": "n", "qemu": [{"driver": "d", "id": "@name", "addr": "@addr")" +
            device + "}]" + more + "}",
        "p.json"));
  };
  const std::string missing =
      "p.json: /server: a server and \"@socket\" in the -device object need each other";
  BOOST_TEST(profile("", R"(, "server": {"model": "m"})") == missing);
  BOOST_TEST(profile(R"(, "socket": "@socket")", "") == missing);
  BOOST_TEST(profile(R"(, "socket": "@socket", "bus": "@port")",
                     R"(, "server": {"model": "m"}, "settings": {"a": 1}, "port": true)") == "");
  BOOST_TEST(profile("", R"(, "activity": {"kind": "model-run", "rate": 0, "target": "all"})") ==
             "p.json: /activity/rate: expected a whole number from 1 to 100000, found 0\n"
             "p.json: /activity/target: expected one of \"own\", \"crash-region\", "
             "\"capture-kernel\", \"elfcorehdr\", found \"all\"");
}

BOOST_AUTO_TEST_SUITE_END()
