// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/pci_writes.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(record_pci_writes)

using namespace quiesce;
using namespace quiesce::record;

namespace {

constexpr PciAddress nic{.bus = 1};
constexpr PciAddress port{.device = 4};

void put(std::vector<std::byte>& bytes, std::size_t at, std::initializer_list<unsigned> values) {
  for (const unsigned value : values) bytes.at(at++) = static_cast<std::byte>(value);
}

/// PM at 0x40, MSI at 0x50, MSI-X at 0x60, PCIe at 0x70; Bus Master and MSI-X on.
PciConfig nic_config() {
  std::vector<std::byte> bytes(256);
  put(bytes, 0x00, {0x86, 0x80, 0xd3, 0x10, 0x07, 0x05, 0x10, 0x00});
  put(bytes, 0x34, {0x40});
  put(bytes, 0x40, {0x01, 0x50});
  put(bytes, 0x50, {0x05, 0x60});
  put(bytes, 0x60, {0x11, 0x70, 0x04, 0x80});
  put(bytes, 0x70, {0x10, 0x00});
  return PciConfig(bytes);
}

PciConfig port_config() {
  std::vector<std::byte> bytes(256);
  put(bytes, 0x00, {0x36, 0x1b, 0x0c, 0x00, 0x07, 0x05});
  put(bytes, 0x0e, {0x01});
  put(bytes, 0x18, {0x00, 0x01, 0x01});
  return PciConfig(bytes);
}

struct Step {
  PciAddress address;
  std::uint16_t offset;
  std::uint32_t value;
};

/// The actions as text: "address action, ...".
std::string actions(const std::vector<Step>& steps, bool known = true) {
  std::vector<TimedPciWrite> writes;
  for (const auto& step : steps)
    writes.push_back(
        {.t = static_cast<double>(writes.size()),
         .write = {
             .device = "x", .address = step.address, .offset = step.offset, .value = step.value}});
  std::map<PciAddress, PciConfig> before;
  if (known) before = {{nic, nic_config()}, {port, port_config()}};
  std::string text;
  for (const auto& seen : classify_pci_writes(writes, before))
    text += fmt::format("{:.0f} {} {}, ", seen.t, to_string(seen.address), to_string(seen.action));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(bus_master_is_seen_when_it_changes) {
  BOOST_TEST(actions({{nic, 4, 0x507}, {nic, 4, 0x503}, {nic, 4, 0x403}, {nic, 4, 0x407}}) ==
             "1 0000:01:00.0 bus-master-off, 3 0000:01:00.0 bus-master-on, ");
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_known_counts_as_after_a_reset) {
  BOOST_TEST(actions({{nic, 4, 0x103}, {nic, 4, 0x107}, {nic, 0x62, 0x8000}}, false) ==
             "1 0000:01:00.0 bus-master-on, ");
}

BOOST_AUTO_TEST_CASE(msi_and_msix_enables_are_seen) {
  BOOST_TEST(
      actions(
          {{nic, 0x62, 0x0004}, {nic, 0x52, 0x0081}, {nic, 0x52, 0x0080}, {nic, 0x62, 0xc004}}) ==
      "0 0000:01:00.0 msix-off, 1 0000:01:00.0 msi-on, 2 0000:01:00.0 msi-off, 3 0000:01:00.0 "
      "msix-on, ");
}

BOOST_AUTO_TEST_CASE(a_write_of_32_bits_reaches_the_upper_word) {
  BOOST_TEST(actions({{nic, 0x50, 0x00816005}, {nic, 0x60, 0x40047011}}) ==
             "0 0000:01:00.0 msi-on, 1 0000:01:00.0 msix-off, ");
}

BOOST_AUTO_TEST_CASE(an_flr_turns_everything_off_without_further_actions) {
  BOOST_TEST(
      actions({{nic, 0x78, 0x2810}, {nic, 0x78, 0xa810}, {nic, 4, 0x507}, {nic, 0x78, 0xa810}}) ==
      "1 0000:01:00.0 flr, 2 0000:01:00.0 bus-master-on, 3 0000:01:00.0 flr, ");
}

BOOST_AUTO_TEST_CASE(a_secondary_bus_reset_turns_off_what_is_below_the_bridge) {
  BOOST_TEST(
      actions({{port, 0x3e, 0x0042}, {port, 0x3e, 0x0002}, {nic, 4, 0x0000}, {nic, 4, 0x0006}}) ==
      "0 0000:00:04.0 bus-reset-begin, 1 0000:00:04.0 bus-reset-end, 3 0000:01:00.0 "
      "bus-master-on, ");
}

BOOST_AUTO_TEST_CASE(power_states_are_seen) {
  BOOST_TEST(actions({{nic, 0x44, 0x0003}, {nic, 0x44, 0x0008}}) ==
             "0 0000:01:00.0 power-d3hot, 1 0000:01:00.0 power-d0, ");
}

BOOST_AUTO_TEST_CASE(every_action_has_a_word) {
  for (int i = 0; i <= static_cast<int>(PciAction::power_d3hot); ++i)
    BOOST_TEST(to_string(static_cast<PciAction>(i)) != std::string("unknown"));
}

BOOST_AUTO_TEST_SUITE_END()
