// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/plan.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_plan)

using namespace quiesce;
using namespace quiesce::scenario;
using nlohmann::json;
using testing::complaints;
using testing::scenario_text;
using testing::small_vocabulary;

namespace {

Scenario with_devices(const std::string& more = {}) {
  auto loaded = load_text(
      scenario_text(R"("devices": [{"profile": "vga"}, {"profile": "e1000e", "name": "nic0",
                       "activity": {"rate": 200}, "busy": false}])" +
                    more),
      "s.json", small_vocabulary());
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), complaints(loaded));
  return loaded->at(0);
}

RunPlan full_plan() {
  RunPlan plan;
  plan.scenario = with_devices(R"(, "panic": {"cpu": 1, "busy": "0.1s"}, "matrix": {"seed": [7]},
                                  "steps": {"window": "333ms"}, "machine": {"memory": "1537MiB"})");
  auto devices = place_devices(plan.scenario, small_vocabulary().profiles);
  BOOST_REQUIRE(devices.has_value());
  plan.devices = std::move(*devices);
  plan.production = {"debian:6.1", "6.1.0-56-amd64",     "/a/bzImage",
                     "/a/initrd",  std::string(64, 'a'), std::string(64, '0')};
  plan.capture = plan.production;
  plan.capture.kernel = "same";
  plan.accel = "tcg";
  plan.accel_reason = "no /dev/kvm\nat all";
  plan.qemu = "/usr/bin/qemu-system-x86_64";
  return plan;
}

}  // namespace

BOOST_AUTO_TEST_CASE(devices_get_slots_from_two_on_and_mac_addresses) {
  const auto planned = place_devices(with_devices(), small_vocabulary().profiles);
  BOOST_REQUIRE(planned.has_value());
  BOOST_TEST(to_string(planned->at(0).address) == "0000:00:02.0");
  BOOST_TEST(planned->at(0).mac == "");
  BOOST_TEST(to_string(planned->at(1).address) == "0000:00:03.0");
  BOOST_TEST(planned->at(1).mac == "52:54:00:51:00:03");
  const json activity = {{"kind", "net-receive"}, {"rate", 200}, {"frame", 512}};
  BOOST_TEST(planned->at(1).activity == activity);
  BOOST_TEST(!planned->at(1).busy);
  BOOST_TEST(planned->at(1).profile.driver == "e1000e");
}

BOOST_AUTO_TEST_CASE(the_last_slot_is_1e) {
  Scenario scenario;
  for (int count = 0; count < 29; ++count) {
    scenario.devices.push_back({.profile = "vga", .name = fmt::format("vga{}", count)});
  }
  const auto planned = place_devices(scenario, small_vocabulary().profiles);
  BOOST_REQUIRE(planned.has_value());
  BOOST_TEST(to_string(planned->back().address) == "0000:00:1e.0");
  scenario.devices.push_back({.profile = "vga", .name = "one-more"});
  const auto failed = place_devices(scenario, small_vocabulary().profiles);
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST(failed.error().message() == "30 devices, but bus 0 has slots for 29");
}

BOOST_AUTO_TEST_CASE(a_device_without_its_profile_cannot_be_placed) {
  const auto failed = place_devices(with_devices(), {});
  BOOST_REQUIRE(!failed.has_value());
  BOOST_TEST((failed.error().code() == Errc::not_found));
  BOOST_TEST(failed.error().message() == "device \"vga0\": there is no profile \"vga\"");
}

BOOST_AUTO_TEST_CASE(a_plan_comes_back_from_its_json) {
  const json written = to_json(full_plan());
  const auto read = plan_from_json(json::parse(written.dump()));
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().describe()));
  BOOST_TEST(to_json(*read) == written);
  BOOST_TEST(read->scenario.name == "s/seed=7");
  BOOST_TEST(read->scenario.panic.busy.count() == 0.1);
  BOOST_TEST(read->scenario.steps.window.count() == 0.333);
  BOOST_TEST((read->scenario.machine.memory == 1537_MiB));
  BOOST_TEST(read->scenario.checks.size() == 3U);
  BOOST_TEST(read->devices.at(1).profile.ring->tail == 0x2818U);
  BOOST_TEST(read->devices.at(1).mac == "52:54:00:51:00:03");
  BOOST_TEST(read->accel_reason == "no /dev/kvm\nat all");
}

BOOST_AUTO_TEST_CASE(a_plan_of_defaults_comes_back) {
  const json written = to_json(RunPlan{});
  const auto read = plan_from_json(written);
  BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error().describe()));
  BOOST_TEST(to_json(*read) == written);
}

BOOST_AUTO_TEST_CASE(a_wrong_plan_names_the_places) {
  json plan = to_json(full_plan());
  plan["format"] = 2;
  plan["devices"][1]["address"] = "0000:00:03.9";
  plan["devices"][0]["mac"] = 12;
  plan["accel"] = "hvf";
  plan["scenario"]["machine"]["cpus"] = json::array();
  plan["capture"].erase("image");
  plan["scenario"]["matrix"] = json::object();
  const auto read = plan_from_json(plan);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST((read.error().code() == Errc::invalid_input));
  BOOST_TEST(
      read.error().message() ==
      R"(run plan: /format: expected 1, found 2; )"
      R"(run plan: /scenario/matrix: unknown key "matrix"; expected one of "format", "name", "description", )"
      R"("machine", "production", "capture", "devices", "panic", "steps", "checks", "timeouts", "seed"; )"
      R"(run plan: /scenario/machine/cpus: expected a whole number from 1 to 64, found an empty list; )"
      R"(run plan: /devices/0/mac: expected a text of the form ([0-9a-f]{2}:){5}[0-9a-f]{2}, found 12; )"
      R"(run plan: /devices/1/address: expected a text of the form )"
      R"([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7], found "0000:00:03.9"; )"
      R"(run plan: /capture: the key "image" is missing: bzImage; )"
      R"(run plan: /accel: expected one of "kvm", "tcg", "", found "hvf"; did you mean "kvm"?)");
}

BOOST_AUTO_TEST_CASE(two_devices_in_one_place_are_refused) {
  json plan = to_json(full_plan());
  plan["devices"][1]["address"] = "0000:00:02.0";
  plan["devices"][1]["name"] = "vga0";
  const auto read = plan_from_json(plan);
  BOOST_REQUIRE(!read.has_value());
  BOOST_TEST(read.error().message() ==
             "run plan: /devices/1/name: this name is given twice; "
             "run plan: /devices/1/address: this address is given twice");
}

namespace {

/// Puts `bad` at every place of `value` in turn and reads the plan.
void spoil(json& plan, json& value, const json& bad) {
  const json kept = value;
  value = bad;
  (void)plan_from_json(plan);
  value = kept;
  if (!value.is_structured()) return;
  for (auto& child : value) spoil(plan, child, bad);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_plan_with_anything_anywhere_does_not_throw) {
  json plan = to_json(full_plan());
  const json wrongs[] = {nullptr,
                         true,
                         -1,
                         18446744073709551615ULL,
                         1e300,
                         "",
                         "\xff\xfe",
                         "x",
                         json::array(),
                         json::array({nullptr}),
                         json::object(),
                         {{"a", 1}},
                         json::binary({1, 2}),
                         json(json::value_t::discarded)};
  for (const auto& wrong : wrongs) BOOST_CHECK_NO_THROW(spoil(plan, plan, wrong));
  json deep = 1;
  for (int depth = 0; depth < 10'000; ++depth) deep = json::array({std::move(deep)});
  plan["devices"][0]["activity"]["x"] = std::move(deep);
  BOOST_TEST(!plan_from_json(plan).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
