// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/sources.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::Verdict;

namespace {

nlohmann::json record(int sequence, int level, double guest, const char* text) {
  return {{"sequence", sequence}, {"level", level}, {"guest", guest}, {"text", text}};
}

/// A run whose kernel has these records.
RunBuilder run_with(const std::vector<nlohmann::json>& entries, int first = 0) {
  auto run = good_run();
  run.drop_agent("kmsg");
  run.agent(38, "response",
            {{"op", "kmsg"},
             {"records", 512},
             {"lost", 0},
             {"first_sequence", first},
             {"last_sequence", first + 511},
             {"entries", entries}});
  return run;
}

}  // namespace

// One garbled line counted beside its record.
BOOST_AUTO_TEST_CASE(what_may_be_left_of_a_record_is_none_of_its_own) {
  auto run = run_with({record(7, 0, 1.25, "__common_interrupt: 0.208 No irq handler for vector")});
  run.serial(20, "[    1.250000] __commonterrupt: 0.208 No irq handler for vector");
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST(numbers(result)["vector"] == 1);
}

BOOST_AUTO_TEST_CASE(a_line_that_is_left_of_another_counts_once_also_without_records) {
  auto run = good_run();
  run.serial(20, "[    1.250000] e1000e 0000:00:02.0: transmit queue 0 timed out");
  run.serial(21, "[    1.350000] e1000e 0000:00:02.0: transmit que 0 timed out");
  BOOST_TEST(numbers(judge_one(run, "kernel.log"))["timeout"] == 1);
}

BOOST_AUTO_TEST_CASE(what_the_serial_line_alone_has_counts) {
  auto run = run_with({record(7, 4, 1.25, "clocksource: unstable")});
  run.serial(20, "[    1.300000] e1000e 0000:00:02.0: transmit queue 0 timed out");
  BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_serial_line_gets_its_level_from_its_record) {
  const char* const text = "e1000e 0000:00:02.0 eth0: PHY is asleep";
  auto run = run_with({record(7, 3, 1.25, text)});
  run.serial(20, std::string("[    1.250000] ") + text);
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST(result.reason == std::string("device at +9.5 s: ") + text);
  BOOST_TEST(numbers(result)["device"] == 1);
  auto bare = good_run();
  bare.serial(20, std::string("[    1.250000] ") + text);
  BOOST_TEST((judge_one(bare, "kernel.log").verdict == Verdict::pass));
}

// Also "fault" and "error" are no trouble when the kernel says so as information.
BOOST_AUTO_TEST_CASE(what_whole_records_have_not_is_information) {
  const char* const text = "[    1.300000] e1000e 0000:00:02.0: last fault: link";
  auto whole = run_with({});
  whole.serial(20, text);
  BOOST_TEST((judge_one(whole, "kernel.log").verdict == Verdict::pass));
  // What was before the records begin may have been anything.
  auto wrapped = run_with({}, 10);
  wrapped.serial(20, text);
  BOOST_TEST(numbers(judge_one(wrapped, "kernel.log"))["device"] == 1);
}

BOOST_AUTO_TEST_CASE(a_record_of_several_lines_is_one_report) {
  auto run =
      run_with({record(7, 3, 1.25,
                       "e1000e 0000:00:02.0 eth0: Detected Hardware Unit Hang:\\x0a  TDH      "
                       "            <0>\\x0a  TDT                  <5>")});
  run.serial(20, "[    1.250000] e1000e 0000:00:02.0 eth0: Detected Hardware Unit Hang:");
  run.serial(20, "[    1.250000]   TDH                  <0>");
  run.serial(20, "[    1.250000]   TDT                  <5>");
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST(result.reason ==
             "timeout at +9.5 s: e1000e 0000:00:02.0 eth0: Detected Hardware Unit Hang:, and 2 "
             "further lines");
}

// The port says so at information level, which no record has; what stands below it is in both.
BOOST_AUTO_TEST_CASE(a_report_whose_head_only_the_serial_line_has_is_one) {
  const char* const text = "pcieport 0000:00:02.0: PCIe Bus Error: severity=Uncorrected (Fatal)";
  auto run = run_with({record(8, 3, 1.26, text)});
  run.serial(20, "[    1.250000] pcieport 0000:00:02.0: AER: Uncorrected (Fatal) error received");
  run.serial(20, std::string("[    1.260000] ") + text);
  BOOST_TEST(numbers(judge_one(run, "kernel.log"))["aer"] == 1);
}

BOOST_AUTO_TEST_CASE(records_are_written_as_dev_kmsg_escapes_them) {
  BOOST_TEST(checks::unescape("a\\x0ab\\x5cc\\x09") == "a\nb\\c\t");
  BOOST_TEST(checks::unescape("\\x4") == "\\x4");
  BOOST_TEST(checks::unescape("\\xzz") == "\\xzz");
}

BOOST_AUTO_TEST_CASE(lines_that_ran_together_are_taken_apart_at_the_time_stamps) {
  const auto lines = checks::unglue("[    1.250000] a [b] c[    1.260000] d");
  BOOST_REQUIRE(lines.size() == 2U);
  BOOST_TEST(lines[0] == "[    1.250000] a [b] c");
  BOOST_TEST(lines[1] == "[    1.260000] d");
  BOOST_TEST(checks::unglue("").size() == 1U);
}

BOOST_AUTO_TEST_CASE(at_most_a_third_of_a_line_is_lost) {
  BOOST_TEST(checks::may_be_left_of("abdf", "abcdef"));
  BOOST_TEST(!checks::may_be_left_of("abf", "abcdef"));
  BOOST_TEST(!checks::may_be_left_of("abdx", "abcdef"));
  BOOST_TEST(!checks::may_be_left_of("abcdefg", "abcdef"));
}

BOOST_AUTO_TEST_CASE(functions_that_no_plan_tests_are_the_machines_own) {
  auto run = good_run();
  run.pci("drivers", 28,
          {{.address = "0000:00:02.0", .driver = "e1000e"}, {.address = "0000:00:1f.2"}});
  const auto tested = checks::under_test(run.run());
  const auto has = [&](const char* address) {
    return std::find(tested.others.begin(), tested.others.end(), address) != tested.others.end();
  };
  BOOST_TEST(has("0000:00:1f.2"));
  BOOST_TEST(!has("0000:00:02.0"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
