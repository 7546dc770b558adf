// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/message.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::Origin;
using Shape = checks::Origin::Shape;

BOOST_AUTO_TEST_CASE(who_speaks_is_told_by_the_form_of_the_message) {
  struct Row {
    const char* text;
    Shape shape;
    const char* driver;
    const char* device;
    const char* body;
  };
  constexpr Row rows[] = {
      {"e1000e 0000:00:03.0: Hardware Error", Shape::device, "e1000e", "0000:00:03.0",
       "Hardware Error"},
      {"e1000e 0000:00:03.0 eth0: Reset adapter", Shape::device, "e1000e", "0000:00:03.0",
       "Reset adapter"},
      {"nvme nvme0: I/O 3 QID 0 timeout", Shape::device, "nvme", "nvme0", "I/O 3 QID 0 timeout"},
      {"ata1.00: qc timeout", Shape::device, "ata", "ata1.00", "qc timeout"},
      {"mpt3sas_cm0: Command Timeout", Shape::device, "mpt3sas_cm", "mpt3sas_cm0",
       "Command Timeout"},
      {"sd 0:0:0:0: [sda] Attached SCSI disk", Shape::device, "sd", "0:0:0:0",
       "Attached SCSI disk"},
      {"usb usb1-port1: unable to enumerate", Shape::device, "usb", "usb1-port1",
       "unable to enumerate"},
      {"i6300ESB timer 0000:00:05.0: initialized", Shape::device, "i6300ESB", "0000:00:05.0",
       "initialized"},
      {"[drm:bochs_hw_init [bochs]] *ERROR* ID mismatch", Shape::device, "bochs", "",
       "ID mismatch"},
      {"[drm] Found bochs VGA", Shape::device, "drm", "", "Found bochs VGA"},
      {"tsc: Fast TSC calibration failed", Shape::part, "tsc", "", "Fast TSC calibration failed"},
      {"software IO TLB: mapped", Shape::part, "software", "", "mapped"},
      {"This may impact performance", Shape::nobody, "", "", "This may impact performance"},
      {"", Shape::nobody, "", "", ""},
      {": ", Shape::nobody, "", "", ": "},
      {" : x", Shape::nobody, "", "", " : x"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const Origin origin = checks::origin_of(row.text);
      BOOST_TEST((origin.shape == row.shape));
      BOOST_TEST(origin.driver == row.driver);
      BOOST_TEST(origin.device == row.device);
      BOOST_TEST(origin.body == row.body);
    }
  }
}

BOOST_AUTO_TEST_CASE(drm_says_by_itself_that_it_is_an_error) {
  BOOST_TEST(checks::origin_of("[drm:f [bochs]] *ERROR* ID mismatch").says_error);
  BOOST_TEST(checks::origin_of("vmwgfx 0000:00:03.0: [drm] *ERROR* no").says_error);
  BOOST_TEST(!checks::origin_of("[drm] Found bochs VGA").says_error);
}

BOOST_AUTO_TEST_CASE(what_is_set_in_belongs_to_the_line_above) {
  BOOST_TEST(checks::origin_of("e1000e 0000:01:00.0:    [12] Timeout").set_in);
  BOOST_TEST(!checks::origin_of("e1000e 0000:01:00.0: Timeout").set_in);
  BOOST_TEST(checks::is_indented(" <IRQ>"));
  BOOST_TEST(!checks::is_indented(""));
}

BOOST_AUTO_TEST_CASE(addresses_are_found_where_no_other_number_stands) {
  std::size_t from = 0;
  const std::string_view text = "AER: received: 0000:01:00.0 of x0000:02:00.0 and 0000:00:1f.2";
  BOOST_TEST(checks::next_address(text, from) == "0000:01:00.0");
  BOOST_TEST(checks::next_address(text, from) == "0000:00:1f.2");
  BOOST_TEST(checks::next_address(text, from) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
