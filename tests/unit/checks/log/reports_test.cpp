// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/reports.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::LogLine;
using checks::Report;

namespace {

std::vector<Report> reports_of(const std::vector<std::pair<const char*, int>>& texts) {
  std::vector<LogLine> lines;
  for (const auto& [text, level] : texts)
    lines.push_back({{text, level}, checks::measure::seconds("kernel_s", 1), {}});
  return checks::reports_of(lines, {{"0000:00:03.0"}, {"e1000e"}, {}});
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_that_nobody_cared_for_is_one_report_with_its_trace) {
  const auto reports =
      reports_of({{"irq 22: nobody cared (try booting with the \"irqpoll\" option)", 3},
                  {"CPU: 0 PID: 17 Comm: kworker/0:1 Not tainted 6.1.0-56-amd64 #1", 4},
                  {"Hardware name: QEMU Standard PC (Q35 + ICH9, 2009)", 4},
                  {"Call Trace:", 4},
                  {" <IRQ>", 4},
                  {" dump_stack_lvl+0x44/0x5c", 4},
                  {"RIP: 0010:e1000_xmit_frame+0x7ad/0xfc0 [e1000]", 4},
                  {"handlers:", 3},
                  {"[<00000000b1adea48>] e1000_intr [e1000]", 3},
                  {"Disabling IRQ #22", 0}});
  BOOST_REQUIRE(reports.size() == 1U);
  BOOST_TEST(reports[0].judgement.kind == "irq");
  BOOST_TEST(reports[0].below.size() == 9U);
}

BOOST_AUTO_TEST_CASE(a_warning_is_told_by_the_line_below_the_one_that_is_cut_here) {
  const auto reports =
      reports_of({{"------------[ cut here ]------------", 4},
                  {"WARNING: CPU: 0 PID: 1 at drivers/pci/msi/msi.c:325 free_msi_irqs+0x17b", 4},
                  {"Modules linked in: e1000e", 4},
                  {"---[ end trace 0000000000000000 ]---", 4},
                  {"------------[ cut here ]------------", 4},
                  {"kernel BUG at mm/slub.c:4234!", 0},
                  {"invalid opcode: 0000 [#1] PREEMPT SMP", 4},
                  {"Kernel panic - not syncing: Fatal exception", 0}});
  BOOST_REQUIRE(reports.size() == 2U);
  BOOST_TEST(reports[0].head.message.text.starts_with("WARNING: CPU: 0"));
  BOOST_TEST(reports[0].below.size() == 3U);
  BOOST_TEST(reports[1].judgement.kind == "oops");
  BOOST_TEST(reports[1].head.message.text == "kernel BUG at mm/slub.c:4234!");
}

BOOST_AUTO_TEST_CASE(a_trace_that_nothing_announces_counts_as_one) {
  const auto reports = reports_of({{"Call Trace:", 4}, {" f+0x1/0x2", 4}});
  BOOST_REQUIRE(reports.size() == 1U);
  BOOST_TEST(reports[0].judgement.kind == "warning");
}

BOOST_AUTO_TEST_CASE(the_bits_of_a_status_belong_to_the_error) {
  const auto reports = reports_of(
      {{"pcieport 0000:00:02.0: AER: Uncorrected (Fatal) error received: 0000:00:03.0", 6},
       {"e1000e 0000:00:03.0: PCIe Bus Error: severity=Uncorrected (Fatal)", 3},
       {"e1000e 0000:00:03.0:   device [8086:10d3] error status/mask=00040000", 3},
       {"e1000e 0000:00:03.0:    [18] MalfTLP                (First)", 3},
       {"pcieport 0000:00:02.0: AER: device recovery failed", 6}});
  BOOST_REQUIRE(reports.size() == 1U);
  BOOST_TEST(reports[0].below.size() == 4U);
}

// A driver's fault would have hidden what the port reported of the same device.
BOOST_AUTO_TEST_CASE(another_class_of_the_same_device_is_another_report) {
  const auto reports =
      reports_of({{"e1000e 0000:00:03.0: transmit timed out", 3},
                  {"e1000e 0000:00:03.0: PCIe Bus Error: severity=Uncorrected (Fatal)", 3}});
  BOOST_REQUIRE(reports.size() == 2U);
  BOOST_TEST(reports[1].judgement.kind == "aer");
}

BOOST_AUTO_TEST_CASE(further_errors_of_a_driver_that_say_nothing_belong_to_what_it_said) {
  const auto reports = reports_of({{"e1000e 0000:00:03.0 eth0: Detected Hardware Unit Hang:", 3},
                                   {"  TDH                  <0>", 3},
                                   {"e1000e 0000:00:03.0 eth0: MAC Status <80080783>", 3}});
  BOOST_REQUIRE(reports.size() == 1U);
  BOOST_TEST(reports[0].below.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_is_said_again_is_one_report) {
  const auto reports = reports_of({{"e1000e 0000:00:03.0: transmit timed out", 3},
                                   {"clocksource: unstable", 4},
                                   {"clocksource: unstable", 4},
                                   {"e1000e 0000:00:03.0: transmit timed out", 3}});
  BOOST_REQUIRE(reports.size() == 2U);
  BOOST_TEST(reports[1].judgement.kind == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
