// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/function.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

namespace quiesce::agent {

BOOST_AUTO_TEST_SUITE(agent_function)

namespace fs = std::filesystem;

namespace {

/// A sysfs with a virtio card: the function, and the virtio device with its interface below it.
struct Tree {
  TempDir place = *TempDir::create();
  fs::path function() const { return place.path() / "devices/pci0000:00/0000:00:02.0"; }
  fs::path classes() const { return place.path() / "class"; }

  void write(const fs::path& file, const std::string& text) const {
    fs::create_directories(file.parent_path());
    BOOST_REQUIRE(replace_file(file, text).has_value());
  }
  void bind(const fs::path& device, const std::string& driver, const std::string& module) const {
    const fs::path folder = place.path() / "drivers" / driver;
    fs::create_directories(folder);
    fs::create_directories(place.path() / "module" / module);
    fs::create_directory_symlink(place.path() / "module" / module, folder / "module");
    fs::create_directory_symlink(folder, device / "driver");
  }
  Tree() {
    write(function() / "modalias", "pci:v00001AF4d00001000\n");
    write(function() / "class", "0x020000\n");
    write(function() / "reset_method", "flr bus\n");
    write(function() / "virtio0/modalias", "virtio:d00000001v00001AF4\n");
    write(function() / "virtio0/net/eth0/address", "x\n");
    write(function() / "0000:01:00.0/modalias", "pci:behind a bridge\n");
    bind(function(), "virtio-pci", "virtio_pci");
    fs::create_directories(classes() / "net");
    fs::create_directories(classes() / "block");
    fs::create_directory_symlink(function() / "virtio0/net/eth0", classes() / "net/eth0");
    // A link that leads around: children are no links.
    fs::create_directory_symlink(function(), function() / "virtio0/device");
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_function_is_described_with_what_lies_below_it) {
  const Tree tree;
  const Json facts = function_facts(tree.function(), tree.classes());
  BOOST_TEST(facts["modalias"] == "pci:v00001AF4d00001000");
  BOOST_TEST(facts["class"] == "0x020000");
  BOOST_TEST(facts["driver"] == "virtio-pci");
  BOOST_TEST(facts["module"] == "virtio_pci");
  BOOST_TEST(facts["reset_methods"] == Json({"flr", "bus"}));
  BOOST_TEST(facts["nodes"] == Json({{"net", {"eth0"}}}));
  BOOST_REQUIRE(facts["children"].size() == 1U);
  BOOST_TEST(facts["children"][0]["path"] == "virtio0");
  BOOST_TEST(facts["children"][0]["modalias"] == "virtio:d00000001v00001AF4");
  BOOST_TEST(facts["children"][0]["driver"] == "");
}

// An SD card was not seen: the kernel says its modalias in its event only.
BOOST_AUTO_TEST_CASE(a_modalias_may_stand_in_the_event_alone) {
  const Tree tree;
  tree.write(tree.function() / "mmc_host/mmc0/mmc0:4567/uevent",
             "MMC_TYPE=SD\nMODALIAS=mmc:block\n");
  const Json facts = function_facts(tree.function(), tree.classes());
  BOOST_REQUIRE(facts["children"].size() == 2U);
  BOOST_TEST(facts["children"][0]["modalias"] == "mmc:block");
}

BOOST_AUTO_TEST_CASE(what_a_function_has_not_is_empty) {
  const TempDir place = *TempDir::create();
  const Json facts = function_facts(place.path() / "0000:00:03.0", place.path() / "class");
  BOOST_TEST(facts["driver"] == "");
  BOOST_TEST(facts["modalias"] == "");
  BOOST_TEST(facts["reset_methods"].empty());
  BOOST_TEST(facts["children"].empty());
  BOOST_TEST(facts["nodes"].empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::agent
