// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/trace_line.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>

BOOST_AUTO_TEST_SUITE(record_trace_line)

using namespace quiesce;
using namespace quiesce::record;

namespace {

bool about(std::optional<double> value, double expected) {
  return value && std::abs(*value - expected) < 1e-5;
}

}  // namespace

// As QEMU 7.2.22 wrote it.
BOOST_AUTO_TEST_CASE(a_line_of_qemu_7_is_read) {
  const auto line =
      parse_trace_line("6719@1795413351.479194:pci_cfg_write pcie-root-port 00:04.0 @0x19 <- 0xff");
  BOOST_REQUIRE(line);
  BOOST_TEST(about(line->realtime, 1795413351.479194));
  BOOST_TEST(line->event == "pci_cfg_write");
  BOOST_TEST(line->arguments == "pcie-root-port 00:04.0 @0x19 <- 0xff");
}

BOOST_AUTO_TEST_CASE(an_event_without_arguments_or_time_is_read) {
  const auto line = parse_trace_line("e1000e_rx_null_descriptor ");
  BOOST_REQUIRE(line);
  BOOST_TEST(!line->realtime.has_value());
  BOOST_TEST(line->event == "e1000e_rx_null_descriptor");
  BOOST_TEST(line->arguments.empty());
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_message_prefix_are_accepted) {
  for (const std::string prefix :
       {"2026-11-23T06:00:00.250000Z ", "2026-11-23T06:00:00.25Z [guest] ",
        "2026-11-23T06:00:00.250000Z qemu-system-x86_64: (1144713:main): ",
        "2026-11-23T06:00:00.250000Z (12:cpu 0/TCG): ",
        "2026-11-23T06:00:00.250000Z [a b] qemu-system-x86_64: "}) {
    const auto line = parse_trace_line(prefix + "pci_cfg_write edu 00:02.0 @0x4 <- 0x7");
    BOOST_REQUIRE_MESSAGE(line, prefix);
    BOOST_TEST(about(line->realtime, 1795413600.25), prefix);
    BOOST_TEST(line->event == "pci_cfg_write", prefix);
    BOOST_TEST(line->arguments == "edu 00:02.0 @0x4 <- 0x7", prefix);
  }
}

BOOST_AUTO_TEST_CASE(other_messages_and_cut_off_lines_are_no_events) {
  for (const std::string text :
       {"", " ", "6719@", "6719@1795413351.", "6719@1795413351.479194:", "@1.2:event x",
        "(12:main): ", "[guest] ", "6719@1795413351.479194", "1.5 event", "event:no", "\xff\xfe",
        "2026-13-23T06:00:00Z x", "2026-11-23"})
    BOOST_TEST(!parse_trace_line(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_configuration_write_is_read) {
  const auto write = parse_pci_cfg_write("pcie-root-port 02:1f.7 @0xffc <- 0xffffffff");
  BOOST_REQUIRE(write);
  BOOST_TEST(write->device == "pcie-root-port");
  BOOST_TEST((write->address == PciAddress{.bus = 2, .device = 31, .function = 7}));
  BOOST_TEST(write->offset == 0xffc);
  BOOST_TEST(write->value == 0xffffffffU);
}

BOOST_AUTO_TEST_CASE(a_configuration_write_that_is_cut_off_is_refused) {
  const std::string whole = "e1000e 00:03.0 @0x4 <- 0x507";
  BOOST_TEST(parse_pci_cfg_write(whole).has_value());
  // A value that is cut short looks whole: the shortest is 0x5.
  for (std::size_t length = 0; length < whole.size() - 2; ++length)
    BOOST_TEST(!parse_pci_cfg_write(whole.substr(0, length)).has_value(), whole.substr(0, length));
  for (const std::string text :
       {"x 00:20.0 @0x4 <- 0x1", "x 00:03.0 @0x1000 <- 0x1", "x 00:03.0 @0x4 <- 0x1ffffffff",
        "x 00:03.0 @4 <- 0x1", "x 00:03.0 @0x4 <- 0x1 y"})
    BOOST_TEST(!parse_pci_cfg_write(text).has_value(), text);
}

// As QEMU 7.2 writes it.
BOOST_AUTO_TEST_CASE(an_interrupt_that_is_delivered_is_read) {
  const auto delivery =
      record::parse_apic_delivery("dest 2 dest_mode 1 delivery_mode 1 vector 48 trigger_mode 0");
  BOOST_REQUIRE(delivery);
  BOOST_TEST(delivery->vector == 48U);
  BOOST_TEST(delivery->where == "dest 2 dest_mode 1");
  for (const std::string text :
       {"", "dest 2", "dest 0 dest_mode 0 delivery_mode 4 vector 0 trigger_mode 0",
        "dest 0 dest_mode 0 delivery_mode 0 vector  trigger_mode 0",
        "dest 0 dest_mode 0 delivery_mode 0 vector 48 trigger_mode 0 x",
        "dest 0 dest_mode 0 delivery_mode 0 vector 4800000000000 trigger_mode 0"})
    BOOST_TEST(!record::parse_apic_delivery(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
