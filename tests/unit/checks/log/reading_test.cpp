// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/reading.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::read_sentence;
using checks::Trouble;

namespace {

Trouble trouble_of(const char* body) {
  return read_sentence(body).trouble;
}

}  // namespace

BOOST_AUTO_TEST_CASE(trouble_is_told_apart_by_how_plainly_it_is_said) {
  BOOST_TEST((trouble_of("using MSI interrupts") == Trouble::none));
  BOOST_TEST((trouble_of("unknown chipset") == Trouble::hinted));
  BOOST_TEST((trouble_of("Adapter removed") == Trouble::mentioned));
  BOOST_TEST((trouble_of("PCI bus error, status=8000") == Trouble::named));
  BOOST_TEST((trouble_of("could not quiesce the receiver") == Trouble::stated));
  BOOST_TEST((trouble_of("transmit queue 0 timed out") == Trouble::grave));
  BOOST_TEST((trouble_of("controller is gone: CSTS=0xffffffff") == Trouble::named));
}

// What made the check fail: "FW provided TM TaskAbort/Reset timeout : 0 secs/0 secs", and "error
// reporting enabled, no fault found, reset timeout 20 s".
BOOST_AUTO_TEST_CASE(settings_features_negations_and_zeros_are_no_trouble) {
  for (const char* body :
       {"FW provided TM TaskAbort/Reset timeout : 0 secs/0 secs",
        "error reporting enabled, no fault found, reset timeout 20 s",
        "Shutdown timeout set to 10 seconds", "default timeout 5", "timeout=30 (nowayout=0)",
        "reset done, no errors", "rx_errors: 0, errors: 0", "0 errors, 0 timeouts",
        "error handler ready", "recovered from an earlier hang",
        "recovery from the fault succeeded", "without error", "timeouts are disabled"})
    BOOST_TEST((trouble_of(body) < Trouble::named), body);
}

BOOST_AUTO_TEST_CASE(an_identifier_that_is_zero_counts_nothing) {
  BOOST_TEST((trouble_of("I/O 3 QID 0 timeout, disable controller") == Trouble::grave));
  BOOST_TEST((trouble_of("Allocation for Rx Queue 0 failed") == Trouble::stated));
}

BOOST_AUTO_TEST_CASE(what_may_be_is_not) {
  BOOST_TEST((trouble_of("this erratum may cause hangs") == Trouble::none));
  BOOST_TEST((trouble_of("if it fails, report a bug") == Trouble::none));
}

BOOST_AUTO_TEST_CASE(another_way_is_told) {
  BOOST_TEST(read_sentence("Failed to enable MSI-X. Falling back to MSI.").replaced);
  BOOST_TEST(read_sentence("reset failed (errno=-5), retrying in 10 secs").managed);
  BOOST_TEST(!read_sentence("Failed to enable MSI-X").managed);
}

BOOST_AUTO_TEST_CASE(error_numbers_are_read_where_they_report) {
  struct Row {
    const char* text;
    int number;
  };
  constexpr Row rows[] = {{"could not quiesce its receiver (-16)", 16},
                          {"failed with error -110", 110},
                          {"probe failed with rc -12, device is unusable", 12},
                          {"error=-5", 5},
                          {"HW Init failed: -12", 12},
                          {"init 0000:00:03.0 fail, -110", 110},
                          {"Removing after probe failure status: -19", 19},
                          {"stopping the queue failed: -ETIMEDOUT", 110},
                          {"err -ENOTHING", 0},
                          {"range 0-110", 0},
                          {"temperature -40 C", 0},
                          {"pin2=-1x", 0},
                          {"error -", 0},
                          {"-5", 0},
                          {"", 0}};
  for (const Row& row : rows) BOOST_TEST(checks::errno_of(row.text) == row.number, row.text);
}

BOOST_AUTO_TEST_CASE(error_numbers_say_what_they_stand_for) {
  BOOST_TEST(read_sentence("failed with error -110").late);
  BOOST_TEST(!read_sentence("failed with error -5").late);
  // EPROBE_DEFER: not yet.
  BOOST_TEST((trouble_of("probe failed with error -517") == Trouble::none));
  // EOPNOTSUPP.
  BOOST_TEST((trouble_of("setting the mode failed: -95") < Trouble::named));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
