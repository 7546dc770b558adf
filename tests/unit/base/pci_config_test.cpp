// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/pci_config.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(base_pci_config)

using namespace quiesce;

namespace {

/// A configuration space under construction.
class Space {
 public:
  explicit Space(std::size_t size = 256) : bytes_(size) {
    word(0x00, 0x8086).word(0x02, 0x10d3);
    word(0x0a, 0x0200);
  }
  Space& byte(std::size_t at, unsigned value) {
    bytes_.at(at) = static_cast<std::byte>(value);
    return *this;
  }
  Space& word(std::size_t at, unsigned value) {
    return byte(at, value & 0xff).byte(at + 1, value >> 8 & 0xff);
  }
  Space& dword(std::size_t at, std::uint32_t value) {
    return word(at, value & 0xffff).word(at + 2, value >> 16);
  }
  /// A capability in the list, whose first is to be at 0x40.
  Space& capability(std::size_t at, unsigned id, std::size_t next) {
    word(0x06, 0x10).byte(0x34, 0x40);
    return byte(at, id).byte(at + 1, static_cast<unsigned>(next));
  }
  PciConfig done() const { return PciConfig(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

std::vector<int> offsets(const PciConfig& config) {
  std::vector<int> list;
  for (const auto& found : config.capabilities()) list.push_back(found.offset);
  return list;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_address_goes_there_and_back) {
  const auto address = parse_pci_address("12ab:fe:1f.7");
  BOOST_TEST(to_string(address.value()) == "12ab:fe:1f.7");
  BOOST_TEST(to_string(parse_pci_address("00:03.0").value()) == "0000:00:03.0");
  BOOST_TEST((parse_pci_address("0000:00:03.0").value() < parse_pci_address("00:03.1").value()));
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused_and_quoted) {
  for (const char* text :
       {"", ":", "00:03", "03.0", "00:03.8", "00:20.0", "100:03.0:1", "100:03.0", "10000:00:03.0",
        "00:03.0 ", " 00:03.0", "00:-3.0", "1:2:3:4.0", "00:03.", "00:03.0x", "0000:00:03.0.0"})
    BOOST_TEST(!parse_pci_address(text).has_value(), text);
  BOOST_TEST(parse_pci_address("eth0").error().message().find("\"eth0\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reads_beyond_the_end_give_all_ones) {
  const PciConfig config = Space(64).done();
  BOOST_TEST(config.byte(64) == 0xff);
  BOOST_TEST(config.word(63) == 0xff00);
  BOOST_TEST(config.dword(~std::size_t{0} - 8) == 0xffffffff);
}

BOOST_AUTO_TEST_CASE(the_header_is_read) {
  const PciConfig config = Space().word(0x04, 0x0406).word(0x06, 0x0008).byte(0x0e, 0x81).done();
  BOOST_TEST(config.vendor() == 0x8086);
  BOOST_TEST(config.device() == 0x10d3);
  BOOST_TEST(config.class_code() == 0x0200);
  BOOST_TEST(config.bus_master());
  BOOST_TEST(config.is_bridge());
  BOOST_TEST(config.interrupts().intx_disabled);
  BOOST_TEST(config.interrupts().intx_pending);
}

BOOST_AUTO_TEST_CASE(no_function_has_nothing) {
  const PciConfig config(std::vector<std::byte>(4096, std::byte{0xff}));
  BOOST_TEST(config.absent());
  BOOST_TEST(config.capabilities().empty());
  BOOST_TEST(!config.interrupts().msi);
  BOOST_TEST(!config.interrupts().intx_pending);
  BOOST_TEST(!config.has_flr());
  BOOST_TEST(!config.transactions_pending().has_value());
  BOOST_TEST(PciConfig({}).absent());
}

BOOST_AUTO_TEST_CASE(capabilities_come_in_the_order_of_the_list) {
  const PciConfig config = Space()
                               .capability(0x40, 0x01, 0xe0)
                               .capability(0xe0, 0x05, 0x50)
                               .capability(0x50, 0x11, 0)
                               .done();
  BOOST_TEST(offsets(config) == (std::vector<int>{0x40, 0xe0, 0x50}),
             boost::test_tools::per_element());
  BOOST_TEST(config.capability(0x05)->offset == 0xe0);
  BOOST_TEST(!config.capability(0x10).has_value());
}

BOOST_AUTO_TEST_CASE(without_the_status_bit_there_is_no_list) {
  const PciConfig config = Space().capability(0x40, 0x01, 0).word(0x06, 0).done();
  BOOST_TEST(config.capabilities().empty());
}

// A list that loops gave each of its entries many times.
BOOST_AUTO_TEST_CASE(a_list_that_loops_ends_where_it_began) {
  const PciConfig config = Space().capability(0x40, 0x01, 0x50).capability(0x50, 0x05, 0x40).done();
  BOOST_TEST(offsets(config) == (std::vector<int>{0x40, 0x50}), boost::test_tools::per_element());
  BOOST_TEST(offsets(Space().capability(0x40, 0x01, 0x40).done()).size() == 1U);
}

// Of a header alone the list behind it was all ones: 48 capabilities of ID 0xff.
BOOST_AUTO_TEST_CASE(a_header_alone_has_no_capabilities) {
  BOOST_TEST(Space(64).word(0x06, 0x10).byte(0x34, 0x40).done().capabilities().empty());
}

BOOST_AUTO_TEST_CASE(a_pointer_into_the_header_ends_the_list) {
  const PciConfig config = Space().capability(0x40, 0x01, 0x10).done();
  BOOST_TEST(offsets(config).size() == 1U);
  BOOST_TEST(Space().word(0x06, 0x10).byte(0x34, 0x3f).done().capabilities().empty());
}

BOOST_AUTO_TEST_CASE(extended_capabilities_follow_and_may_share_numbers) {
  const PciConfig config = Space(4096)
                               .capability(0x40, 0x01, 0)
                               .dword(0x100, 0x14010001)
                               .dword(0x140, 0x00010003)
                               .done();
  BOOST_TEST(offsets(config) == (std::vector<int>{0x40, 0x100, 0x140}),
             boost::test_tools::per_element());
  BOOST_TEST(config.capability(0x01)->offset == 0x40);
  BOOST_TEST(config.extended_capability(0x01)->offset == 0x100);
}

BOOST_AUTO_TEST_CASE(an_extended_list_that_loops_or_points_back_ends) {
  BOOST_TEST(offsets(Space(4096).dword(0x100, 0x10010001).done()).size() == 1U);
  BOOST_TEST(offsets(Space(4096).dword(0x100, 0x04010001).done()).size() == 1U);
  BOOST_TEST(offsets(Space(4096).dword(0x100, 0xfff10001).dword(0xffc, 1).done()).size() == 2U);
  BOOST_TEST(offsets(Space(4096).dword(0x100, 0xffffffff).done()).empty());
}

BOOST_AUTO_TEST_CASE(interrupts_are_read_from_the_control_words) {
  const PciConfig config = Space()
                               .capability(0x40, 0x05, 0x60)
                               .word(0x42, 0x0081)
                               .capability(0x60, 0x11, 0)
                               .word(0x62, 0xc003)
                               .done();
  BOOST_TEST(config.interrupts().msi);
  BOOST_TEST(config.interrupts().msix);
  BOOST_TEST(config.interrupts().msix_masked);
  BOOST_TEST(!config.interrupts().intx_disabled);
}

BOOST_AUTO_TEST_CASE(pending_transactions_are_known_of_pcie_functions_only) {
  BOOST_TEST(!Space().done().transactions_pending().has_value());
  BOOST_TEST(!*Space().capability(0x40, 0x10, 0).done().transactions_pending());
  BOOST_TEST(*Space().capability(0x40, 0x10, 0).word(0x4a, 0x20).done().transactions_pending());
}

BOOST_AUTO_TEST_CASE(the_power_state_is_that_of_pmcsr) {
  BOOST_TEST(!Space().done().power_state().has_value());
  BOOST_TEST(*Space().capability(0x40, 0x01, 0).word(0x44, 0x2103).done().power_state() == 3);
}

BOOST_AUTO_TEST_CASE(flr_is_of_pcie_or_of_advanced_features) {
  BOOST_TEST(!Space().capability(0x40, 0x10, 0).done().has_flr());
  BOOST_TEST(Space().capability(0x40, 0x10, 0).dword(0x44, 1U << 28).done().has_flr());
  BOOST_TEST(Space().capability(0x40, 0x13, 0).byte(0x43, 0x03).done().has_flr());
  BOOST_TEST(!Space().capability(0x40, 0x13, 0).byte(0x43, 0x01).done().has_flr());
}

BOOST_AUTO_TEST_CASE(aer_status_is_both_words) {
  BOOST_TEST(!Space(4096).done().aer().has_value());
  const auto aer = Space(4096)
                       .dword(0x100, 0x00020001)
                       .dword(0x104, 0x00100000)
                       .dword(0x110, 0x00002001)
                       .done()
                       .aer();
  BOOST_TEST(aer->uncorrectable == 0x00100000U);
  BOOST_TEST(aer->correctable == 0x00002001U);
}

BOOST_AUTO_TEST_SUITE_END()
