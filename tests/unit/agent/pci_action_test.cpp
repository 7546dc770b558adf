// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pci_action.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "harness/base/fd.hpp"
#include "tests/unit/agent/fake_pci.hpp"
#include "vm-images/agent/config_image.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;
using fake::Sysfs;

namespace {

Json act(const Sysfs& sysfs, const std::string& what, std::vector<PciAddress> addresses,
         const std::string& method = {}, Seconds patience = Seconds(20)) {
  return act_on_pci(
      sysfs.tree(),
      {.what = what, .method = method, .addresses = std::move(addresses), .patience = patience});
}

Json act_on_one(const Sysfs& sysfs, const std::string& what, PciAddress address,
                const std::string& method = {}, Seconds patience = Seconds(20)) {
  return act(sysfs, what, {address}, method, patience)["functions"][0];
}

std::vector<std::byte> with_command(unsigned command) {
  auto bytes = fake::endpoint();
  bytes[4] = static_cast<std::byte>(command);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_bridge_above_a_function_and_what_is_behind_it_are_found) {
  const Sysfs sysfs;
  BOOST_TEST((sysfs.tree().bridge_of(fake::behind) == fake::bridge));
  BOOST_TEST(!sysfs.tree().bridge_of(fake::root_function).has_value());
  BOOST_TEST((sysfs.tree().behind(fake::bridge) ==
              std::vector<PciAddress>{fake::behind, fake::neighbour}));
  BOOST_TEST(sysfs.tree().functions().size() == 4U);
}

BOOST_AUTO_TEST_CASE(nothing_changes_nothing) {
  const Sysfs sysfs;
  const Json entry = act_on_one(sysfs, "nothing", fake::root_function);
  BOOST_TEST(entry["ok"] == true);
  BOOST_TEST(entry["error"].is_null());
  BOOST_TEST(entry["restored"] == true);
  BOOST_TEST(entry["ready_ms"].is_number());
  BOOST_TEST(entry["before"] == entry["after"]);
  BOOST_TEST(entry["before"].get<std::string>().size() == 512U);
  BOOST_TEST(entry["methods"].is_null());
  BOOST_TEST(entry["address"] == "0000:00:03.0");
}

BOOST_AUTO_TEST_CASE(bus_master_off_clears_that_bit_alone) {
  const Sysfs sysfs;
  const Json entry = act_on_one(sysfs, "bus-master-off", fake::root_function);
  BOOST_TEST(entry["ok"] == true);
  BOOST_TEST(entry["restored"] == true);
  BOOST_TEST(sysfs.tree().read(fake::root_function, 4, 2).value() == 0x02U);
}

BOOST_AUTO_TEST_CASE(a_reset_by_method_names_it_and_puts_the_old_choice_back) {
  const Sysfs sysfs;
  sysfs.put(fake::root_function, "reset_method", "flr pm\n");
  sysfs.put(fake::root_function, "reset", "");
  const Json entry = act_on_one(sysfs, "reset", fake::root_function, "pm");
  BOOST_TEST(entry["ok"] == true);
  BOOST_TEST(entry["methods"] == "flr pm");
  BOOST_TEST(sysfs.text(fake::root_function, "reset") == "1");
  // A plain file keeps what a shorter write leaves of it.
  BOOST_TEST(sysfs.text(fake::root_function, "reset_method").starts_with("flr pm"));
}

BOOST_AUTO_TEST_CASE(a_function_without_reset_says_so) {
  const Sysfs sysfs;
  const Json plain = act_on_one(sysfs, "reset", fake::root_function);
  BOOST_TEST(plain["ok"] == false);
  BOOST_TEST(plain["error"].get<std::string>().find("reset") != std::string::npos);
  BOOST_TEST(plain["ready_ms"].is_number());
  const Json by_method = act_on_one(sysfs, "reset", fake::root_function, "flr");
  BOOST_TEST(by_method["ok"] == false);
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_there_is_an_answer) {
  const Sysfs sysfs;
  const Json entry = act_on_one(sysfs, "reset", PciAddress{.device = 30});
  BOOST_TEST(entry["ok"] == false);
  BOOST_TEST(entry["error"] == "0000:00:1e.0 is not there");
  BOOST_TEST(entry["before"].is_null());
  BOOST_TEST(entry["after"].is_null());
}

BOOST_AUTO_TEST_CASE(a_reset_that_does_not_end_is_left_behind) {
  const Sysfs sysfs;
  sysfs.make_pipe(fake::root_function, "reset");
  const Json entry = act_on_one(sysfs, "reset", fake::root_function, "", Seconds(0.1));
  BOOST_TEST(entry["ok"] == false);
  BOOST_TEST(entry["hangs"] == true);
  BOOST_TEST(entry["ready_ms"].is_null());
  BOOST_TEST(entry["after"].is_null());
  BOOST_TEST(entry["before"].is_string());
  // Lets the thread that was left behind go.
  const Fd reader = Fd::adopt(::open(sysfs.file(fake::root_function, "reset").c_str(), O_RDONLY));
  BOOST_TEST(reader.get() >= 0);
  char byte = 0;
  BOOST_TEST(::read(reader.get(), &byte, 1) == 1);
}

BOOST_AUTO_TEST_CASE(a_function_that_answers_no_more_is_not_ready) {
  const Sysfs sysfs;
  sysfs.put(fake::root_function, "reset", "");
  auto dead = fake::endpoint();
  for (const unsigned vendor : {0xffffU, 0x0001U}) {
    dead[0] = static_cast<std::byte>(vendor);
    dead[1] = static_cast<std::byte>(vendor >> 8);
    sysfs.put_config(fake::root_function, dead);
    const Json entry = act_on_one(sysfs, "reset", fake::root_function, "", Seconds(0.01));
    BOOST_TEST(entry["ok"] == false);
    BOOST_TEST(entry["hangs"] == false);
    BOOST_TEST(entry["ready_ms"].is_null());
    BOOST_TEST(entry["restored"] == false);
    BOOST_TEST(entry["error"] == "0000:00:03.0 does not answer");
  }
}

BOOST_AUTO_TEST_CASE(a_hot_reset_on_a_root_bus_is_not_possible) {
  const Sysfs sysfs;
  const Json entry = act_on_one(sysfs, "hot-reset", fake::root_function);
  BOOST_TEST(entry["ok"] == false);
  BOOST_TEST(entry["error"].get<std::string>().find("root bus") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hot_reset_pulses_the_bridge_and_hits_all_behind_it) {
  const Sysfs sysfs;
  const Json answer = act(sysfs, "hot-reset", {fake::behind, fake::neighbour});
  BOOST_REQUIRE(answer["functions"].size() == 2U);
  for (const Json& entry : answer["functions"]) {
    BOOST_TEST(entry["ok"] == true);
    BOOST_TEST(entry["restored"] == true);
    BOOST_TEST(entry["ready_ms"].get<double>() >= 100);
  }
  BOOST_TEST(answer["functions"][0]["affected"] == Json::array({"0000:01:00.1"}));
  BOOST_TEST(answer["functions"][1]["affected"] == Json::array({"0000:01:00.0"}));
  // One reset for both.
  BOOST_TEST(answer["functions"][0]["guest_began"] == answer["functions"][1]["guest_began"]);
  BOOST_TEST(sysfs.tree().read(fake::bridge, 0x3e, 2).value() == 0U);
}

BOOST_AUTO_TEST_CASE(d3hot_needs_the_capability_and_wakes_the_function) {
  const Sysfs sysfs;
  BOOST_TEST(act_on_one(sysfs, "d3hot", fake::root_function)["ok"] == true);
  BOOST_TEST(sysfs.tree().read(fake::root_function, 0x44, 2).value() == 0U);
  const Json entry = act_on_one(sysfs, "d3hot", fake::bridge);
  BOOST_TEST(entry["ok"] == false);
  BOOST_TEST(entry["error"].get<std::string>().find("power management") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_function_comes_back_after_removal_and_rescan) {
  const Sysfs sysfs;
  sysfs.make_pipe(fake::root_function, "remove");
  BOOST_REQUIRE(::mkfifo((sysfs.root() / "rescan").c_str(), 0600) == 0);
  const auto link = sysfs.root() / "devices" / to_string(fake::root_function);
  std::thread kernel([&] {
    char byte = 0;
    const Fd remove = Fd::adopt(::open((link / "remove").c_str(), O_RDONLY));
    (void)!::read(remove.get(), &byte, 1);
    const auto target = fake::fs::read_symlink(link);
    fake::fs::remove(link);
    const Fd rescan = Fd::adopt(::open((sysfs.root() / "rescan").c_str(), O_RDONLY));
    (void)!::read(rescan.get(), &byte, 1);
    fake::fs::create_directory_symlink(target, link);
  });
  const Json entry = act_on_one(sysfs, "remove-rescan", fake::root_function);
  kernel.join();
  BOOST_TEST(entry["ok"] == true, entry.dump());
  BOOST_TEST(entry["restored"] == true);
  BOOST_TEST(entry["ready_ms"].is_number());
}

BOOST_AUTO_TEST_CASE(command_comes_last_and_status_never_when_a_configuration_is_restored) {
  const auto fields = fields_to_restore(PciConfig(fake::endpoint()));
  BOOST_TEST((fields.back() == ConfigField{0x04, 2}));
  const auto at = [&](unsigned offset) {
    return std::ranges::find(fields, offset, &ConfigField::offset);
  };
  BOOST_TEST((at(0x06) == fields.end()));
  // MSI: address, upper address, data and mask before the control word that enables it.
  for (const unsigned offset : {0x54U, 0x58U, 0x5cU, 0x60U}) {
    BOOST_REQUIRE((at(offset) != fields.end()));
    BOOST_TEST((at(offset) < at(0x52)));
  }
  BOOST_TEST((at(0x98) != fields.end()));  // Device Control 2
  auto old = fake::endpoint();
  old[0x72] = std::byte{1};
  for (const ConfigField field : fields_to_restore(PciConfig(old)))
    BOOST_TEST(field.offset != 0x98U);
}

BOOST_AUTO_TEST_CASE(what_a_reset_cleared_is_written_back) {
  const Sysfs sysfs;
  const PciConfig saved(fake::endpoint());
  auto cleared = fake::endpoint();
  for (const std::size_t at : {0x04U, 0x0cU, 0x12U, 0x13U, 0x3cU}) cleared[at] = std::byte{0};
  sysfs.put_config(fake::behind, cleared);
  BOOST_REQUIRE(restore_config(sysfs.tree(), fake::behind, saved).has_value());
  BOOST_TEST((sysfs.tree().config(fake::behind).value().bytes() == fake::endpoint()));
}

BOOST_AUTO_TEST_CASE(a_setup_is_the_same_only_when_every_part_of_it_is) {
  const PciConfig before(fake::endpoint());
  BOOST_TEST(same_setup(before, before));
  for (const std::size_t at : {0x04U, 0x0cU, 0x12U, 0x24U, 0x3cU, 0x3dU}) {
    auto other = fake::endpoint();
    other[at] ^= std::byte{1};
    BOOST_TEST(!same_setup(before, PciConfig(other)), at);
  }
  auto status = fake::endpoint();
  status[0x06] ^= std::byte{8};
  BOOST_TEST(same_setup(before, PciConfig(status)));
  BOOST_TEST(!same_setup(before, PciConfig(with_command(0x02))));
}

BOOST_AUTO_TEST_CASE(an_action_is_checked_before_it_is_done) {
  const auto read = [](const Json& fields) { return read_pci_action(Request(fields)); };
  const Json good = {{"do", "reset"}, {"method", "flr"}, {"addresses", {"00:03.0"}}};
  const auto action = read(good);
  BOOST_REQUIRE(action.has_value());
  BOOST_TEST(action->patience.count() == 60);
  BOOST_TEST((action->addresses == std::vector<PciAddress>{fake::root_function}));
  for (const Json& change : {Json{{"do", "explode"}}, Json{{"addresses", {"x"}}},
                             Json{{"addresses", 7}}, Json{{"ready_seconds", 0}}}) {
    Json bad = good;
    bad.update(change);
    BOOST_TEST(!read(bad).has_value(), change.dump());
  }
}

BOOST_AUTO_TEST_SUITE_END()
