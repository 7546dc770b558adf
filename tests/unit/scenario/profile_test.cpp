// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <set>

#include "devices/models/model.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/checks/check.hpp"
#include "tests/unit/scenario/vocabulary.hpp"

BOOST_AUTO_TEST_SUITE(scenario_profile)

using namespace quiesce;
using namespace quiesce::scenario;
using testing::complaints;

namespace {

std::string wrong(const std::string& text) {
  return complaints(load_profile_text(text, "p.json"));
}

/// The root of the source tree: tests run there unless QUIESCE_SOURCE_ROOT says otherwise.
std::filesystem::path source_root() {
  const char* root = std::getenv("QUIESCE_SOURCE_ROOT");
  return root != nullptr ? root : ".";
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_key_of_a_profile_is_read) {
  const auto profile = load_profile_text(
      R"({"format": 1, "name": "nic", "description": "d", "backend": "net",
          "qemu": [{"driver": "e1000e", "id": "@name", "addr": "@addr", "netdev": "@backend", "mac": "@mac"}],
          "modules": ["a", "b-c"], "driver": "e1000e", "activity": {"kind": "net-receive", "rate": 1},
          "test": {"kind": "net-echo", "frames": 2}, "writes_tagged": true,
          "trace": [{"event": "x_reset", "means": "driver-reset", "matches": "val 0"}],
          "ring": {"bar": 1, "head": "0x10", "tail": "0x18"}, "reset_methods": ["flr", "pm"]})",
      "p.json");
  BOOST_REQUIRE_MESSAGE(profile.has_value(), complaints(profile));
  BOOST_TEST(profile->name == "nic");
  BOOST_TEST(profile->backend == "net");
  BOOST_TEST(profile->qemu.at(0)["mac"] == "@mac");
  BOOST_TEST(profile->modules.at(1) == "b-c");
  BOOST_TEST(profile->driver == "e1000e");
  BOOST_TEST(profile->activity["rate"] == 1);
  BOOST_TEST(profile->test["frames"] == 2);
  BOOST_TEST(profile->writes_tagged);
  BOOST_TEST(profile->trace.at(0).matches == "val 0");
  BOOST_TEST(profile->ring->bar == 1);
  BOOST_TEST(profile->ring->tail == 0x18U);
  BOOST_TEST(profile->reset_methods.size() == 2U);
}

BOOST_AUTO_TEST_CASE(everything_wrong_with_a_profile_is_said) {
  BOOST_TEST(
      wrong(
          R"({"format": 1, "name": "Nic", "backend": "network", "qemu": [{"id": "x"}, 3, {"driver": 1}],
      "modules": ["a", 1], "moduls": [], "writes_tagged": "yes", "driver": null,
      "trace": [{"event": "x", "means": "reset"}, {"evnt": "x"}],
      "ring": {"bar": 6, "head": "2810", "tail": "0x3"}, "reset_methods": ["flr", "bos"],
      "activity": {"kind": "net-recieve"}, "test": {"frames": 1}})") ==
      R"(p.json: /moduls: unknown key "moduls"; did you mean "modules"?
p.json: /name: expected a text of the form [a-z][a-z0-9-]{0,22}, found "Nic"
p.json: /backend: expected one of "none", "net", "disk", "audio", found "network"
p.json: /qemu/0: the key "driver" is missing: QEMU's name of the device
p.json: /qemu/1: expected an object, found 3
p.json: /qemu/2/driver: expected a text of the form [A-Za-z0-9_][A-Za-z0-9._-]{0,63}, found 1
p.json: /modules: entry 1: expected a text of the form [A-Za-z0-9_][A-Za-z0-9._-]{0,63}, found 1
p.json: /driver: expected a line of text of at most 64 bytes, found null
p.json: /writes_tagged: expected true or false, found "yes"
p.json: /trace/0/means: expected one of "driver-reset", "ring-used-up", "device-stopped", "device-started", found "reset"; did you mean "driver-reset"?
p.json: /trace/1/evnt: unknown key "evnt"; did you mean "event"?
p.json: /trace/1: the key "event" is missing: QEMU's name of it
p.json: /trace/1: the key "means" is missing: What it says happened
p.json: /ring/bar: expected a whole number from 0 to 5, found 6
p.json: /ring/head: expected a text of the form 0x[0-9a-f]{1,8}, found "2810"
p.json: /ring/tail: expected a text of the form 0x[0-9a-f]{1,8}, found "0x3"
p.json: /reset_methods: entry 1: expected one of "flr", "pm", "bus", found "bos"; did you mean "bus"?
p.json: /activity/kind: expected one of "net-receive", "disk-read", "disk-write", "sound-play", "pointer", "console", "model-run", "none", found "net-recieve"; did you mean "net-receive"?
p.json: /test: the key "kind" is missing: one of "net-echo", "disk-compare", "sound-play", "pointer", "console", "model-copy", "none")");
}

BOOST_AUTO_TEST_CASE(rules_of_a_profile_hold) {
  BOOST_TEST(wrong(R"({"format": 1, "name": "n", "qemu": []})") ==
             "p.json: /qemu: expected a list of objects, found none");
  BOOST_TEST(wrong(R"({"format": 1, "name": "n", "backend": "disk", "modules": ["a", "a"],
      "qemu": [{"driver": "nvme", "serial": "@nam", "mac": "@mac"}], "ring": {"head": "0x8", "tail": "0x8"},
      "activity": {"kind": "net-receive", "rate": -1, "block": 1}, "test": {"kind": "none", "x": 1}})") ==
             R"(p.json: /qemu/0/serial: unknown placeholder "@nam"; did you mean "@name"?
p.json: /qemu/0: expected "id": "@name" in the PCI function
p.json: /qemu/0: expected "addr": "@addr" in the PCI function
p.json: /qemu: backend "disk" is connected nowhere: no "@backend"
p.json: /qemu: "@mac" is for the backend "net" only
p.json: /activity/kind: "net-receive" needs the backend "net", found "disk"
p.json: /activity/block: unknown parameter of "net-receive" "block"; expected one of "rate", "frame"
p.json: /activity/rate: expected a whole number from 0 to 1000000, found -1
p.json: /test/x: unknown parameter of "none" "x"; there are none
p.json: /modules/1: "a" is listed twice
p.json: /ring/tail: head and tail are the same register)");
  BOOST_TEST(
      wrong(R"({"format": 1, "name": "n",
      "qemu": [{"driver": "a", "id": "@name", "addr": "@addr", "drive": "@backend"}]})") ==
      "p.json: /backend: expected \"net\", \"disk\" or \"audio\", since \"@backend\" is used");
}

BOOST_AUTO_TEST_CASE(a_catalog_is_sorted_and_a_profile_has_its_file_s_name) {
  auto folder = TempDir::create();
  BOOST_REQUIRE(folder.has_value());
  const auto write = [&](const std::string& file, const std::string& name) {
    const std::string text = fmt::format(
        R"({{"format": 1, "name": "{}", "qemu": [{{"driver": "a", "id": "@name", "addr": "@addr"}}]}})",
        name);
    BOOST_REQUIRE(replace_file(folder->path() / file, text).has_value());
  };
  write("b.json", "b");
  write("a.json", "a");
  write("README.md", "no json");
  const auto good = load_catalog(folder->path());
  BOOST_REQUIRE_MESSAGE(good.has_value(), complaints(good));
  BOOST_TEST(good->size() == 2U);
  BOOST_TEST(good->at(0).name == "a");
  write("c.json", "d");
  BOOST_TEST(complaints(load_catalog(folder->path()))
                 .ends_with("c.json: /name: expected the file's name, \"c\", found \"d\""));
  BOOST_TEST(!load_catalog(folder->path() / "nowhere").has_value());
}

BOOST_AUTO_TEST_CASE(the_shipped_catalog_and_scenarios_load) {
  if (!std::filesystem::is_directory(source_root() / "devices/catalog")) {
    BOOST_TEST_MESSAGE("skipped: not in the source tree; set QUIESCE_SOURCE_ROOT");
    return;
  }
  auto catalog = load_catalog(source_root() / "devices/catalog");
  BOOST_REQUIRE_MESSAGE(catalog.has_value(), complaints(catalog));
  BOOST_TEST(catalog->size() >= 9U);
  Vocabulary vocabulary{std::move(*catalog), {}};
  vocabulary.checks = checks::vocabulary();
  for (const auto* model : models::registry()) {
    Profile& profile = vocabulary.profiles.emplace_back();
    profile.name = model->name;
    profile.activity = model->activity;
    profile.server = ServerSpec{.model = model->name, .command = {}, .socket = {}};
    for (const auto& setting : model->settings) profile.settings[setting.name] = setting.fallback;
    profile.port = true;
  }
  std::set<std::string> used;
  for (const auto& entry : std::filesystem::directory_iterator(source_root() / "scenarios")) {
    const auto loaded = load(entry.path(), vocabulary);
    BOOST_TEST(loaded.has_value(), complaints(loaded));
    if (!loaded) continue;
    // The cell of a matrix has its axis behind the name.
    BOOST_TEST(loaded->at(0).name.starts_with(entry.path().stem().string()));
    BOOST_TEST(!loaded->at(0).description.empty());
    for (const auto& device : loaded->at(0).devices) used.insert(device.profile);
  }
  BOOST_TEST(used.size() >= 6U);
}

BOOST_AUTO_TEST_SUITE_END()
