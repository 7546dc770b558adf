// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU is started with, against tests/golden/command-lines/. After a change that is meant:
// QUIESCE_UPDATE_GOLDEN=1 in the environment writes them anew.
#include "harness/vm/command_line.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/scenario/load.hpp"
#include "harness/scenario/recipe.hpp"

BOOST_AUTO_TEST_SUITE(vm_command_line)

using namespace quiesce;
using nlohmann::json;
using scenario::RunPlan;

namespace {

const std::filesystem::path source_root = QUIESCE_SOURCE_ROOT;

RunPlan minimal() {
  RunPlan plan;
  plan.scenario.name = "minimal";
  plan.production = {.kernel = "k", .image = "images/vmlinuz", .initramfs = "images/production"};
  plan.capture = {.kernel = "same", .image = "images/vmlinuz", .initramfs = "images/capture"};
  plan.accel = "tcg";
  plan.qemu = "qemu-system-x86_64";
  return plan;
}

/// The devices of scenarios/first-run.json with the profiles of the catalog.
RunPlan first_run() {
  RunPlan plan = minimal();
  const auto text = read_file(source_root / "scenarios/first-run.json");
  const json first = json::parse(text.value());
  for (const auto& device : first.at("devices"))
    plan.scenario.devices.push_back({.profile = device.at("profile"), .name = device.at("name")});
  const auto catalog = scenario::load_catalog(source_root / "devices/catalog");
  BOOST_REQUIRE(catalog);
  plan.devices = scenario::place_devices(plan.scenario, *catalog).value();
  return plan;
}

std::string lines(const std::vector<std::string>& argv) {
  std::string text;
  for (const auto& argument : argv) text += argument + "\n";
  return text;
}

void check_golden(const std::string& name, const RunPlan& plan) {
  // QEMU is started by the recipe alone: nothing of the case is on its command line.
  BOOST_TEST(lines(vm::command_line(scenario::bare_plan(scenario::recipe_of(plan)), "run").argv) ==
             lines(vm::command_line(plan, "run").argv));
  const auto path = source_root / "tests/golden/command-lines" / (name + ".txt");
  const std::string now = lines(vm::command_line(plan, "run").argv);
  BOOST_TEST(now.find(source_root.string()) == std::string::npos);
  if (std::getenv("QUIESCE_UPDATE_GOLDEN") != nullptr) BOOST_REQUIRE(replace_file(path, now));
  const auto approved = read_file(path);
  BOOST_REQUIRE_MESSAGE(approved, path);
  BOOST_TEST(split(now, '\n') == split(*approved, '\n'), boost::test_tools::per_element());
}

bool has_pair(const std::vector<std::string>& argv, const std::string& option,
              const std::string& value) {
  for (std::size_t i = 0; i + 1 < argv.size(); ++i)
    if (argv[i] == option && argv[i + 1] == value) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(first_runs_command_line_is_as_approved) {
  RunPlan plan = first_run();
  check_golden("first-run-tcg", plan);
  plan.accel = "kvm";
  check_golden("first-run-kvm", plan);
}

BOOST_AUTO_TEST_CASE(a_minimal_plans_command_line_is_as_approved) {
  RunPlan plan = minimal();
  check_golden("minimal-tcg", plan);
  plan.accel = "kvm";
  check_golden("minimal-kvm", plan);
}

BOOST_AUTO_TEST_CASE(every_device_with_a_backend_of_ours_has_a_descriptor_of_its_own) {
  const auto line = vm::command_line(first_run(), "run");
  const std::map<std::string, int> expected{{"nic0", 20}, {"nvme0", 21}, {"disk0", 22}};
  BOOST_TEST((line.backends == expected));
}

// Two sound cards played into one file, and each was judged by what the other played.
BOOST_AUTO_TEST_CASE(each_sound_card_plays_into_a_file_of_its_own) {
  RunPlan plan = minimal();
  scenario::Profile profile;
  profile.backend = "audio";
  profile.qemu = {{{"driver", "d"}, {"audiodev", "@backend"}}};
  plan.devices = {{.name = "a", .profile = profile}, {.name = "b", .profile = profile}};
  const auto line = vm::command_line(plan, "run");
  BOOST_TEST(line.backends.empty());
  std::vector<std::string> files;
  for (std::size_t i = 0; i + 1 < line.argv.size(); ++i)
    if (line.argv[i] == "-audiodev") files.push_back(json::parse(line.argv[i + 1]).at("path"));
  const std::vector<std::string> expected{"run/audio-a.wav", "run/audio-b.wav"};
  BOOST_TEST(files == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_trace_event_that_two_devices_name_is_enabled_once) {
  RunPlan plan = minimal();
  scenario::Profile profile;
  profile.name = "p";
  profile.qemu = {{{"driver", "d"}}};
  profile.trace = {{"reset", "driver-reset", ""}, {"reset", "device-stopped", "x"}};
  plan.devices = {{.name = "a", .profile = profile}, {.name = "b", .profile = profile}};
  const auto argv = vm::command_line(plan, "run").argv;
  BOOST_TEST(std::count(argv.begin(), argv.end(), "enable=reset") == 1);
  BOOST_TEST(std::count(argv.begin(), argv.end(), "enable=pci_cfg_write") == 1);
}

BOOST_AUTO_TEST_CASE(a_profile_gets_its_place_and_only_whole_values_are_placeholders) {
  RunPlan plan = minimal();
  scenario::Profile profile;
  profile.qemu = {{{"driver", "card"}, {"note", "not @name"}, {"queues", 4}},
                  {{"driver", "child"}, {"bus", "@bus"}, {"id", "own"}},
                  {{"driver", "child"}, {"bus", "@bus"}}};
  plan.devices = {
      {.name = "card0", .profile = profile, .address = {.device = 0x1e, .function = 1}}};
  const auto argv = vm::command_line(plan, "run").argv;
  BOOST_TEST(has_pair(
      argv, "-device",
      R"({"addr":"1e.1","bus":"pcie.0","driver":"card","id":"card0","note":"not @name","queues":4})"));
  BOOST_TEST(has_pair(argv, "-device", R"({"bus":"card0.0","driver":"child","id":"own"})"));
  BOOST_TEST(has_pair(argv, "-device", R"({"bus":"card0.0","driver":"child","id":"card0-2"})"));
}

namespace {

/// A device that is served, behind a root port.
scenario::PlannedDevice served(const std::string& name, const std::string& port, int slot,
                               PciAddress address) {
  scenario::PlannedDevice device;
  device.name = name;
  device.profile.qemu = {{{"driver", "vfio-user-pci"},
                          {"id", "@name"},
                          {"addr", "@addr"},
                          {"bus", "@port"},
                          {"socket", "@socket"}}};
  device.address = address;
  device.port = port;
  device.port_slot = slot;
  device.server = scenario::ServerSpec{.model = {}, .command = {}, .socket = "/run/s"};
  return device;
}

std::vector<std::string> device_arguments(const std::vector<std::string>& argv) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i + 1 < argv.size(); ++i)
    if (argv[i] == "-device") found.push_back(argv[i + 1]);
  return found;
}

}  // namespace

// Hot plug would see a reset as a card that was pulled out.
BOOST_AUTO_TEST_CASE(a_served_device_sits_behind_its_root_port_and_knows_its_socket) {
  RunPlan plan = minimal();
  plan.devices = {served("engine0", "engine0-port", 4, {.bus = 1})};
  const vm::ServerSockets sockets{{"engine0", {{"type", "unix"}, {"path", "/run/s"}}}};
  const std::vector<std::string> expected{
      R"({"addr":"4.0","bus":"pcie.0","chassis":1,"driver":"pcie-root-port","hotplug":false,"id":"engine0-port","slot":1})",
      R"({"addr":"0.0","bus":"engine0-port","driver":"vfio-user-pci","id":"engine0","socket":{"path":"/run/s","type":"unix"}})"};
  BOOST_TEST(device_arguments(vm::command_line(plan, "run", sockets).argv) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(functions_of_one_port_share_it_and_say_that_they_are_several) {
  RunPlan plan = minimal();
  plan.devices = {served("a", "p", 2, {.bus = 1}), served("b", "q", 3, {.bus = 2}),
                  served("c", "p", 2, {.bus = 1, .function = 1})};
  plan.devices[0].shared = plan.devices[2].shared = true;
  const auto objects = device_arguments(vm::command_line(plan, "run").argv);
  BOOST_REQUIRE_EQUAL(objects.size(), 5U);
  const std::vector<std::string> ids{"p", "a", "q", "b", "c"};
  for (std::size_t at = 0; at < ids.size(); ++at)
    BOOST_TEST(json::parse(objects[at])["id"] == ids[at]);
  BOOST_TEST(json::parse(objects[2])["chassis"] == 2);
  const json last = json::parse(objects[4]);
  BOOST_TEST(last["bus"] == "p");
  BOOST_TEST(last["addr"] == "0.1");
  BOOST_TEST(last["multifunction"] == true);
  BOOST_TEST(!json::parse(objects[3]).contains("multifunction"));
  BOOST_TEST(last["socket"].is_null());
}

// A device of QEMU's own can be put behind a port as well.
BOOST_AUTO_TEST_CASE(a_device_that_names_no_bus_goes_where_its_port_is) {
  RunPlan plan = minimal();
  plan.devices = {served("nic0", "p", 5, {.bus = 1})};
  plan.devices[0].profile.qemu = {{{"driver", "e1000e"}, {"id", "@name"}, {"addr", "@addr"}}};
  const auto objects = device_arguments(vm::command_line(plan, "run").argv);
  BOOST_TEST(objects.at(1) == R"({"addr":"0.0","bus":"p","driver":"e1000e","id":"nic0"})");
}

BOOST_AUTO_TEST_CASE(both_kernels_learn_their_role_and_the_scenarios_words_come_last) {
  RunPlan plan = minimal();
  plan.scenario.production.command_line = "intel_iommu=on";
  plan.scenario.production.crashkernel = 192_MiB;
  plan.scenario.capture.command_line = "reset_devices nr_cpus=1";
  const std::string production = vm::production_command_line(plan);
  const std::string capture = vm::capture_command_line(plan);
  BOOST_TEST(production.find("quiesce.role=production ") != std::string::npos);
  BOOST_TEST(production.ends_with(" crashkernel=192M intel_iommu=on"));
  BOOST_TEST(capture.find("quiesce.role=capture ") != std::string::npos);
  BOOST_TEST(capture.ends_with(" reset_devices nr_cpus=1"));
  BOOST_TEST(capture.find("crashkernel") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
