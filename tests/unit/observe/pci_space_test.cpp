// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/pci_space.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/observe/fake_bus.hpp"

BOOST_AUTO_TEST_SUITE(observe_pci_space)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

constexpr PciAddress host{};
constexpr PciAddress nic{.device = 3};
constexpr PciAddress port{.device = 4};
constexpr PciAddress below{.bus = 1};
constexpr PciAddress lpc{.device = 31};
constexpr PciAddress sata{.device = 31, .function = 2};

/// Host bridge, an Express network card, a root port with a device below it, and a device of
/// several functions.
FakeBus q35() {
  FakeBus bus;
  bus.add(host, 0x29c08086);
  bus.add(nic, 0x10d38086, 4096);
  bus.add(port, 0x000c1b36, 4096);
  bus.put(port, 0x0e, 1, 1);
  bus.put(port, 0x18, 0x010100, 3);
  bus.add(below, 0x10441af4, 4096);
  bus.add(lpc, 0x29188086);
  bus.put(lpc, 0x0e, 0x80, 1);
  bus.add(sata, 0x29228086);
  return bus;
}

FakeBus q35_with_window() {
  FakeBus bus = q35();
  bus.window = 0xb0000000;
  bus.put(host, 0x60, 0xb0000001, 8);
  return bus;
}

std::vector<PciAddress> addresses(const PciSpace& space) {
  std::vector<PciAddress> list;
  for (const auto& function : space.functions) list.push_back(function.address);
  return list;
}

/// A function that decodes a memory BAR at 0xfe000000.
FakeBus with_bar(std::uint64_t bar, std::uint16_t command = 0x6) {
  FakeBus bus;
  bus.add(nic, 0x10d38086);
  bus.put(nic, 0x04, command, 2);
  bus.put(nic, 0x10, bar, 8);
  return bus;
}
PciConfig config_of(const FakeBus& bus) {
  return PciConfig(bus.functions.at(nic));
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_functions_are_found_through_the_ports) {
  FakeBus bus = q35();
  const auto space = read_pci_space(bus);
  BOOST_REQUIRE(space);
  BOOST_TEST(space->source == "cf8");
  BOOST_TEST((addresses(*space) == std::vector{host, nic, port, lpc, sata, below}));
  BOOST_TEST(space->find(nic)->config.bytes().size() == 256U);
  BOOST_TEST(space->find(nic)->config.device() == 0x10d3);
  BOOST_TEST(bus.address == 0x80000004U);
  BOOST_TEST(bus.writes.empty());
  BOOST_TEST(bus.memory_reads == 0);
}

BOOST_AUTO_TEST_CASE(the_window_gives_4096_bytes_for_express_and_256_for_conventional_functions) {
  FakeBus bus = q35_with_window();
  const auto space = read_pci_space(bus);
  BOOST_REQUIRE(space);
  BOOST_TEST(space->source == "ecam");
  BOOST_TEST((addresses(*space) == std::vector{host, nic, port, lpc, sata, below}));
  BOOST_TEST(space->find(nic)->config.bytes().size() == 4096U);
  BOOST_TEST(space->find(lpc)->config.bytes().size() == 256U);
  BOOST_TEST(bus.address == 0x80000004U);
}

BOOST_AUTO_TEST_CASE(a_window_of_another_length_has_another_base) {
  FakeBus bus = q35();
  bus.window = 0xb8000000;
  bus.put(host, 0x60, 0xb8000003, 8);  // 128 MiB
  BOOST_TEST(read_pci_space(bus)->source == "ecam");
  bus.put(host, 0x60, 0xb8000007, 8);  // reserved length
  BOOST_TEST(read_pci_space(bus)->source == "cf8");
  bus.put(host, 0x60, 0x4b8000001, 8);  // above 4 GiB, 256 MiB
  bus.window = 0x4b0000000;
  BOOST_TEST(read_pci_space(bus)->functions.size() == 6U);
}

BOOST_AUTO_TEST_CASE(another_host_bridge_is_not_asked_for_a_window) {
  FakeBus bus = q35_with_window();
  bus.put(host, 0x00, 0x12378086, 4);
  BOOST_TEST(read_pci_space(bus)->source == "cf8");
}

BOOST_AUTO_TEST_CASE(bridges_with_wrong_bus_numbers_make_no_loop) {
  FakeBus bus = q35();
  bus.put(below, 0x0e, 1, 1);
  bus.put(below, 0x19, 1, 1);  // its own bus
  bus.put(port, 0x19, 1, 1);
  BOOST_TEST(read_pci_space(bus)->functions.size() == 6U);
  bus.put(port, 0x19, 0, 1);  // not set up yet
  BOOST_TEST(read_pci_space(bus)->functions.size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_goes_away_at_any_call_is_an_error) {
  for (int budget = 0; budget < 300; budget += 7) {
    FakeBus bus = q35();
    bus.budget = budget;
    const auto space = read_pci_space(bus);
    BOOST_REQUIRE(!space);
    BOOST_TEST((space.error().code() == Errc::closed));
  }
}

BOOST_AUTO_TEST_CASE(a_snapshot_is_written_as_documented) {
  FakeBus bus;
  bus.add(host, 0x12378086);
  const auto json = record::as_json(as_record(*read_pci_space(bus), "handover", 1.5));
  BOOST_TEST(json["mark"] == "handover");
  BOOST_TEST(json["t"] == 1.5);
  BOOST_TEST(json["source"] == "cf8");
  BOOST_REQUIRE(json["functions"].size() == 1U);
  BOOST_TEST(json["functions"][0]["address"] == "0000:00:00.0");
  BOOST_TEST(json["functions"][0]["config"] == "86803712" + std::string(504, '0'));
}

BOOST_AUTO_TEST_CASE(bus_master_is_cleared_without_touching_status_or_other_bits) {
  FakeBus bus = q35();
  bus.put(nic, 0x04, 0xf9100507, 4);
  const auto before = set_bus_master(bus, nic, BusMaster::off);
  BOOST_REQUIRE(before);
  BOOST_TEST((*before == BusMaster::on));
  BOOST_REQUIRE(bus.writes.size() == 1U);
  BOOST_TEST((bus.writes[0].at == nic));
  BOOST_TEST(bus.writes[0].offset == 4U);
  BOOST_TEST(bus.writes[0].value == 0x0503U);
  BOOST_TEST(bus.address == 0x80000004U);
  BOOST_REQUIRE(set_bus_master(bus, nic, BusMaster::on));
  BOOST_TEST(bus.writes[1].value == 0x0507U);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_to_a_function_that_is_not_there) {
  FakeBus bus = q35();
  const auto before = set_bus_master(bus, {.device = 9}, BusMaster::off);
  BOOST_REQUIRE(!before);
  BOOST_TEST((before.error().code() == Errc::not_found));
  BOOST_TEST(bus.writes.empty());
  BOOST_TEST(bus.address == 0x80000004U);
}

BOOST_AUTO_TEST_CASE(bar_addresses_of_32_and_64_bits_are_read) {
  BOOST_TEST(bar_address(config_of(with_bar(0xfe000008)), 0)->value == 0xfe000000U);
  BOOST_TEST(bar_address(config_of(with_bar(0x12fe00000c)), 0)->value == 0x12fe000000U);
}

BOOST_AUTO_TEST_CASE(a_bar_that_cannot_be_read_is_refused_with_the_reason) {
  BOOST_TEST(bar_address(config_of(with_bar(0xfe000000, 0x4)), 0).error().message() ==
             "the function does not decode memory");
  BOOST_TEST(!bar_address(config_of(with_bar(0xc001)), 0).has_value());
  BOOST_TEST(!bar_address(config_of(with_bar(0)), 0).has_value());
  BOOST_TEST(!bar_address(config_of(with_bar(0xfe000000)), 6).has_value());
  BOOST_TEST(!bar_address(config_of(with_bar(0xfe000000)), -1).has_value());
  BOOST_TEST(!bar_address(PciConfig({}), 0).has_value());
  FakeBus asleep = with_bar(0xfe000000);
  asleep.put(nic, 0x06, 0x10, 2);
  asleep.put(nic, 0x34, 0x40, 1);
  asleep.put(nic, 0x40, 0x0001, 2);
  asleep.put(nic, 0x44, 0x3, 2);
  BOOST_TEST(bar_address(config_of(asleep), 0).error().message() ==
             "the function is in D3, not in D0");
  BOOST_TEST(!read_ring(asleep, config_of(asleep), {.head = 0x10, .tail = 0x18}).has_value());
  BOOST_TEST(asleep.memory_reads == 0);
}

BOOST_AUTO_TEST_CASE(a_ring_whose_head_meets_its_tail_is_used_up) {
  FakeBus bus = with_bar(0xfe000000);
  bus.memory = {{0xfe002810, 5}, {0xfe002818, 9}};
  const RingRegisters registers{.bar = 0, .head = 0x2810, .tail = 0x2818};
  auto ring = read_ring(bus, config_of(bus), registers);
  BOOST_REQUIRE(ring);
  BOOST_TEST((ring->head == 5 && ring->tail == 9 && !ring->used_up()));
  bus.memory[0xfe002810] = 9;
  BOOST_TEST(read_ring(bus, config_of(bus), registers)->used_up());
  bus.memory.clear();  // a device that is gone answers with ones, which is no used-up ring
  BOOST_TEST(!read_ring(bus, config_of(bus), registers).has_value());
}

BOOST_AUTO_TEST_CASE(the_memory_of_a_rings_descriptors_is_what_the_device_holds_it_for) {
  FakeBus bus = with_bar(0xfe000000);
  bus.memory = {{0xfe002810, 5},
                {0xfe002818, 9},
                {0xfe002800, 0x2256000},
                {0xfe002804, 1},
                {0xfe002808, 4096}};
  const RingRegisters registers{
      .bar = 0, .head = 0x2810, .tail = 0x2818, .base = 0x2800, .length = 0x2808};
  BOOST_TEST(read_ring(bus, config_of(bus), registers)->descriptors.begin.value == 0x102256000U);
  BOOST_TEST(read_ring(bus, config_of(bus), registers)->descriptors.end.value == 0x102257000U);
  bus.memory[0xfe002808] = 0;  // not set up
  BOOST_TEST(read_ring(bus, config_of(bus), registers)->descriptors.end.value == 0U);
  bus.memory[0xfe002808] = 0xffffffff;
  BOOST_TEST(read_ring(bus, config_of(bus), registers)->descriptors.end.value == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
