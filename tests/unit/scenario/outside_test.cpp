// SPDX-License-Identifier: GPL-2.0-or-later
// Profiles that come from outside the source tree: files, folders, and inside a scenario.
#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/scenario/plan.hpp"
#include "harness/scenario/profile_sources.hpp"
#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_outside)

using namespace quiesce;
using namespace quiesce::scenario;
using nlohmann::json;
using testing::complaints;
using testing::scenario_text;
using testing::small_vocabulary;

namespace {

std::string profile_text(const std::string& name, const std::string& description = "mine") {
  return fmt::format(
      R"({{"format": 1, "name": "{}", "description": "{}",
          // the card on my desk
          "qemu": [{{"driver": "edu", "id": "@name", "addr": "@addr"}}]}})",
      name, description);
}

/// Files in a folder of their own.
struct Desk {
  TempDir folder = *TempDir::create();
  std::string write(const std::string& file, const std::string& text) const {
    const auto path = folder.path() / file;
    std::filesystem::create_directories(path.parent_path());
    BOOST_REQUIRE(replace_file(path, text).has_value());
    return path.string();
  }
  std::string plain(std::string text) const {
    for (std::size_t at; (at = text.find(folder.path().string())) != std::string::npos;)
      text.replace(at, folder.path().string().size(), "DESK");
    return text;
  }
};

std::vector<std::string> names_of(const ProfileSet& set) {
  std::vector<std::string> names;
  for (const auto& profile : set.profiles) names.push_back(profile.name);
  return names;
}

Scenario loaded_with(const std::string& text, const std::vector<std::string>& devices,
                     const std::vector<Override>& overrides = {}) {
  auto loaded = load_text(text, "s.json", small_vocabulary(), overrides, devices);
  BOOST_REQUIRE_MESSAGE(loaded.has_value(), complaints(loaded));
  return loaded->at(0);
}

const std::string inline_edu =
    R"({"profile": {"qemu": [{"driver": "edu_2", "id": "@name", "addr": "@addr"}]}})";

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_of_device_is_known_and_wanted) {
  const Desk desk;
  const std::string file = desk.write("my-card.json", profile_text("my-card"));
  const auto set = gather_profiles(small_vocabulary().profiles, {{}, {file, "vga", file}});
  BOOST_REQUIRE_MESSAGE(set.has_value(), complaints(set));
  BOOST_TEST(names_of(*set) == std::vector<std::string>({"e1000e", "vga", "my-card"}),
             boost::test_tools::per_element());
  BOOST_TEST(set->wanted == std::vector<std::string>({"my-card", "vga", "my-card"}),
             boost::test_tools::per_element());
  BOOST_TEST(set->files.at("my-card") == file);
  BOOST_TEST(set->notes.empty());
}

BOOST_AUTO_TEST_CASE(a_profile_from_outside_replaces_one_of_its_name_and_that_is_said) {
  const Desk desk;
  desk.write("folder/vga.json", profile_text("vga", "of the folder"));
  const std::string file = desk.write("other.json", profile_text("vga", "of the file"));
  const auto set =
      gather_profiles(small_vocabulary().profiles,
                      {folders_of_list((desk.folder.path() / "folder").string(), "X"), {file}});
  BOOST_REQUIRE_MESSAGE(set.has_value(), complaints(set));
  BOOST_TEST(set->profiles.size() == 2U);
  BOOST_TEST(set->profiles.at(1).description == "of the file");
  BOOST_REQUIRE(set->notes.size() == 2U);
  BOOST_TEST(desk.plain(set->notes.at(0)) ==
             "the device profile vga is that of DESK/folder/vga.json, not the shipped one");
  BOOST_TEST(desk.plain(set->notes.at(1)) ==
             "the device profile vga is that of DESK/other.json, not that of DESK/folder/vga.json");
}

BOOST_AUTO_TEST_CASE(everything_wrong_outside_is_said_with_file_and_place) {
  const Desk desk;
  desk.write("folder/bad.json", "{\n  // a comment\n  oops\n}");
  const std::string one = desk.write("one.json", profile_text("same"));
  const std::string two = desk.write("two.json", profile_text("same"));
  const std::string folder = (desk.folder.path() / "folder").string();
  const auto set =
      gather_profiles(small_vocabulary().profiles,
                      {folders_of_list(folder + ":" + folder + "/nowhere", "QUIESCE_DEVICES"),
                       {one, two, "e1000f", desk.folder.path() / "none.json"}});
  BOOST_REQUIRE(!set.has_value());
  BOOST_TEST(
      desk.plain(complaints(set)) ==
      R"(DESK/folder/bad.json: line 3, column 3: expected JSON, found syntax error while parsing object key - invalid literal; last read: '{<U+000A>  // a comment<U+000A>  o'; expected string literal (a folder of QUIESCE_DEVICES)
DESK/folder/nowhere: No such file or directory (a folder of QUIESCE_DEVICES)
DESK/two.json: /name: "same" is also the name of DESK/one.json: give one of them another name
DESK/none.json: cannot open DESK/none.json: No such file or directory
--device: there is no device "e1000f"; did you mean "e1000e"? "quiesce list devices" shows all; a file is named with a '/' or ".json" in it)");
}

BOOST_AUTO_TEST_CASE(a_list_of_folders_is_split_like_path) {
  const auto folders = folders_of_list(":a::b", "X");
  BOOST_REQUIRE(folders.size() == 2U);
  BOOST_TEST(folders.at(0).path == "a");
  BOOST_TEST(folders.at(1).named_by == "X");
  BOOST_TEST(folders_of_list("", "X").empty());
}

BOOST_AUTO_TEST_CASE(a_scenario_that_does_not_name_a_device_gets_it_as_its_last) {
  const Scenario none = loaded_with(scenario_text(), {"e1000e"});
  BOOST_REQUIRE(none.devices.size() == 1U);
  BOOST_TEST(none.devices.at(0).name == "e1000e0");
  const Scenario other = loaded_with(scenario_text(R"("devices": [{"profile": "vga"}])"),
                                     {"e1000e", "e1000e"}, {"devices.e1000e1.activity.rate=77"});
  BOOST_REQUIRE(other.devices.size() == 3U);
  BOOST_TEST(other.devices.at(0).name == "vga0");
  BOOST_TEST(other.devices.at(2).activity["rate"] == 77);
  const Scenario named =
      loaded_with(scenario_text(R"("devices": [{"profile": "e1000e"}])"), {"e1000e"});
  BOOST_TEST(named.devices.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_such_a_device_is_said_of_the_option) {
  std::string devices = R"({"profile": "vga"})";
  for (int count = 1; count < 29; ++count) devices += R"(, {"profile": "vga"})";
  const auto full = load_text(scenario_text("\"devices\": [" + devices + "]"), "s.json",
                              small_vocabulary(), {}, std::vector<std::string>{"e1000e"});
  BOOST_TEST(complaints(full) ==
             "s.json: /devices: expected a list of at most 29 objects, found 30");
  const auto unknown = load_text(scenario_text(), "s.json", small_vocabulary(), {},
                                 std::vector<std::string>{"e1000f"});
  BOOST_TEST(complaints(unknown) ==
             "--device: /devices/0/profile: unknown profile \"e1000f\"; did you mean \"e1000e\"?");
}

BOOST_AUTO_TEST_CASE(a_scenario_may_hold_a_whole_profile) {
  const Scenario scenario =
      loaded_with(scenario_text("\"devices\": [" + inline_edu + R"(, {"profile": "vga"}])"), {});
  const DeviceSpec& device = scenario.devices.at(0);
  BOOST_TEST(device.profile == "edu-2");
  BOOST_TEST(device.name == "edu-2-0");
  BOOST_REQUIRE(device.written_out.has_value());
  BOOST_TEST(device.written_out->name == "edu-2");
  const auto placed = place_devices(scenario, small_vocabulary().profiles);
  BOOST_REQUIRE(placed.has_value());
  BOOST_TEST(placed->at(0).profile.qemu.at(0)["driver"] == "edu_2");
}

BOOST_AUTO_TEST_CASE(a_profile_in_a_scenario_wins_over_a_known_one_of_its_name) {
  const Scenario scenario = loaded_with(
      scenario_text(
          R"("devices": [{"profile": {"name": "vga", "qemu": [{"driver": "edu", "id": "@name", "addr": "@addr"}]}},
                         {"profile": "vga"}])"),
      {});
  const auto placed = place_devices(scenario, small_vocabulary().profiles);
  BOOST_REQUIRE(placed.has_value());
  BOOST_TEST(placed->at(0).profile.qemu.at(0)["driver"] == "edu");
  BOOST_TEST(placed->at(1).profile.qemu.at(0)["driver"] == "VGA");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_profile_in_a_scenario_is_placed_in_the_scenario) {
  BOOST_TEST(
      complaints(scenario_text(
          R"("devices": [{"profile": "vga"}, {"profile": {"nane": 1, "backend": "net", "ring": {"tail": "0x1"},
              "qemu": [{"driver": "x", "id": "@name", "addr": "@adr"}], "test": {"kind": "net-eco"}}},
             {"profile": {"name": "Bad"}}, {"profile": 3}])")) ==
      R"(s.json: /devices/1/profile/nane: unknown key "nane"; did you mean "name"?
s.json: /devices/1/profile/ring: the key "head" is missing: Offset of the device's end of the ring
s.json: /devices/1/profile/ring/tail: expected a text of the form 0x[0-9a-f]{1,8}, found "0x1"
s.json: /devices/1/profile/qemu/0/addr: unknown placeholder "@adr"; did you mean "@addr"?
s.json: /devices/1/profile/qemu/0: expected "addr": "@addr" in the PCI function
s.json: /devices/1/profile/qemu: backend "net" is connected nowhere: no "@backend"
s.json: /devices/1/profile/test/kind: expected one of "net-echo", "disk-compare", "sound-play", "pointer", "console", "model-copy", "none", found "net-eco"; did you mean "net-echo"?
s.json: /devices/2/profile/name: expected a text of the form [a-z][a-z0-9-]{0,22}, found "Bad"
s.json: /devices/2/profile: the key "qemu" is missing: -device objects; the first is the PCI function
s.json: /devices/2/profile/qemu: expected a list of objects, found none
s.json: /devices/3/profile: expected a profile's name or a profile, found 3)");
}

BOOST_AUTO_TEST_CASE(the_activity_of_a_device_is_held_against_its_own_profile) {
  BOOST_TEST(
      complaints(scenario_text("\"devices\": [" + inline_edu.substr(0, inline_edu.size() - 1) +
                               R"(, "activity": {"rate": 1}}])"))
          .starts_with("s.json: /devices/0/activity/rate: "));
}

BOOST_AUTO_TEST_CASE(a_plan_keeps_a_profile_that_its_scenario_held) {
  RunPlan plan;
  plan.scenario = loaded_with(scenario_text("\"devices\": [" + inline_edu + "]"), {});
  plan.devices = *place_devices(plan.scenario, {});
  plan.production = {"k", "6.1", "/k", "/i", std::string(64, 'a'), std::string(64, '0')};
  plan.capture = plan.production;
  const json written = to_json(plan);
  const auto again = plan_from_json(written);
  BOOST_REQUIRE(again.has_value());
  BOOST_TEST(to_json(*again) == written);
  BOOST_REQUIRE(again->scenario.devices.at(0).written_out.has_value());
  BOOST_TEST(again->scenario.devices.at(0).profile == "edu-2");
}

BOOST_AUTO_TEST_CASE(names_of_qemu_become_names_of_profiles) {
  BOOST_TEST(device_name_of("AC97") == "ac97");
  BOOST_TEST(device_name_of("ne2k_pci") == "ne2k-pci");
  BOOST_TEST(device_name_of("82550") == "d82550");
  BOOST_TEST(device_name_of("virtio-scsi-pci-non-transitional") == "virtio-scsi-pci-non-");
}

BOOST_AUTO_TEST_SUITE_END()
