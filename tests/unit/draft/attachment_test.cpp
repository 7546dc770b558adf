// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/draft/attachment.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/scenario/kinds.hpp"
#include "tests/unit/draft/made_up.hpp"

namespace quiesce::draft {

BOOST_AUTO_TEST_SUITE(draft_attachment)

using nlohmann::json;

namespace {

QemuFacts with(std::map<std::string, std::string> properties, std::vector<ChildBus> buses = {}) {
  QemuFacts facts = made_up::facts();
  facts.properties = std::move(properties);
  facts.buses = std::move(buses);
  return facts;
}

std::string qemu_of(const QemuFacts& facts) {
  return json(with_attachment(facts).qemu).dump();
}

std::string kinds_of(const std::string& backend, const json& nodes) {
  scenario::Profile profile;
  profile.backend = backend;
  const run::Work work = work_for(profile, nodes);
  return work.activity.value("kind", "") + " " + work.test.value("kind", "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_backend_goes_where_the_properties_of_a_device_ask_for_it) {
  const auto profile = with_attachment(made_up::facts());
  BOOST_TEST(profile.name == "made-up");
  BOOST_TEST(profile.description == "QEMU's Made_Up: Ethernet controller (class 020001)");
  BOOST_TEST(profile.backend == "net");
  BOOST_TEST(
      json(profile.qemu).dump() ==
      R"([{"addr":"@addr","driver":"Made_Up","id":"@name","mac":"@mac","netdev":"@backend"}])");
  BOOST_TEST(with_attachment(with({{"audiodev", "str"}})).backend == "audio");
  BOOST_TEST(
      qemu_of(with({{"drive", "str"}, {"serial", "str"}})) ==
      R"([{"addr":"@addr","drive":"@backend","driver":"Made_Up","id":"@name","serial":"@name"}])");
  BOOST_TEST(with_attachment(with({})).backend == "none");
}

BOOST_AUTO_TEST_CASE(something_is_hung_on_the_first_bus_that_it_is_known_for) {
  const auto disk = with_attachment(with({}, {{"virtio-pci-bus", "v"}, {"SCSI", "asked.0"}}));
  BOOST_TEST(disk.backend == "disk");
  BOOST_TEST(disk.qemu.at(1).dump() ==
             R"({"bus":"@bus","drive":"@backend","driver":"scsi-hd","serial":"@name"})");
  const auto usb = with_attachment(with({}, {{"usb-bus", "asked.0"}}));
  BOOST_TEST(usb.backend == "none");
  BOOST_TEST(usb.qemu.at(1).dump() == R"({"bus":"@bus","driver":"usb-tablet"})");
  // The SD bus has a name of its own, and a card takes no serial number.
  BOOST_TEST(with_attachment(with({}, {{"sdhci-bus", "sd-bus"}})).qemu.at(1).dump() ==
             R"({"drive":"@backend","driver":"sd-card"})");
  BOOST_TEST(with_attachment(with({}, {{"i2c-bus", "asked.0"}})).qemu.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_may_tell_of_a_reset_is_traced) {
  QemuFacts facts = made_up::facts();
  facts.reset_events = {.own = {"made_reset"}, .others = {"core_reset"}};
  facts.device.name = "virtio-made-up";
  const auto profile = with_attachment(facts);
  BOOST_REQUIRE(profile.trace.size() == 3U);
  BOOST_TEST(profile.trace.at(0).event == "virtio_set_status");
  BOOST_TEST(profile.trace.at(0).matches == "val 0");
  BOOST_TEST(profile.trace.at(1).event == "made_reset");
  BOOST_TEST(profile.trace.at(2).event == "core_reset");
}

BOOST_AUTO_TEST_CASE(work_is_chosen_by_backend_and_then_by_what_the_kernel_made_of_it) {
  const json input = {{"input", {"event0"}}};
  BOOST_TEST(kinds_of("net", input) == "net-receive net-echo");
  BOOST_TEST(kinds_of("disk", {}) == "disk-read disk-compare");
  BOOST_TEST(kinds_of("audio", {}) == "sound-play sound-play");
  BOOST_TEST(kinds_of("none", input) == "pointer pointer");
  BOOST_TEST(kinds_of("none", {{"graphics", {"fb0"}}, {"input", {"event0"}}}) == "console console");
  BOOST_TEST(kinds_of("none", {{"misc", {"hw_random"}}}) == " ");
  BOOST_TEST(kinds_of("none", {}) == " ");
}

BOOST_AUTO_TEST_CASE(every_work_on_offer_is_one_that_profiles_may_name) {
  for (const std::string backend : {"net", "disk", "audio", "none"}) {
    scenario::Profile profile;
    profile.backend = backend;
    for (const char* node : {"graphics", "input"}) {
      const run::Work work = work_for(profile, {{node, {"x"}}});
      const auto* activity = scenario::find_kind(scenario::activity_kinds(),
                                                 work.activity.value("kind", "no kind at all"));
      const auto* test =
          scenario::find_kind(scenario::test_kinds(), work.test.value("kind", "no kind at all"));
      BOOST_REQUIRE(activity != nullptr);
      BOOST_REQUIRE(test != nullptr);
      BOOST_TEST((activity->backend.empty() || activity->backend == backend));
      for (const auto& [key, value] : work.activity.items())
        BOOST_TEST((key == "kind" || (activity->parameter(key) != nullptr &&
                                      !activity->parameter(key)->shape.wrong(value))));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::draft
