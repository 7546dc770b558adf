// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

using checks::Verdict;

BOOST_AUTO_TEST_CASE(a_quiet_log_that_is_whole_passes) {
  const auto result = judge_one(good_run(), "kernel.log");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(result.reason == "no warning");
}

// The event that announces the capture kernel is written after its line was read.
BOOST_AUTO_TEST_CASE(the_banner_belongs_to_the_log_when_its_event_comes_later) {
  auto run = good_run();
  run.drop_events("serial.line", 17);
  run.event(17.51, "serial.line", {{"role", "capture"}, {"what", "kernel-start"}});
  BOOST_TEST(judge_one(run, "kernel.log").control ==
             "512 records in the log, 0 lost, the serial line has its beginning");
}

BOOST_AUTO_TEST_CASE(the_production_kernels_panic_is_not_the_capture_kernels) {
  BOOST_TEST(numbers(judge_one(good_run(), "kernel.log")).count("oops") == 0U);
}

BOOST_AUTO_TEST_CASE(a_timeout_on_the_serial_line_fails_once) {
  auto run = good_run();
  run.serial(30, "[   12.000000] nvme nvme0: I/O 3 QID 0 timeout");
  run.serial(31, "[   13.000000] nvme nvme0: I/O 3 QID 0 timeout");
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason == "timeout at +19.5 s: nvme nvme0: I/O 3 QID 0 timeout");
  BOOST_TEST((judge_one(run, "kernel.log", {{"fail_on", {"oops"}}}).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(dead_interrupts_and_lack_of_memory_fail_and_what_was_corrected_is_listed) {
  for (const char* message : {"irq 11: nobody cared", "Disabling IRQ #11",
                              "Out of memory: Killed process 7", "init: page allocation failure"}) {
    auto run = good_run();
    run.serial(30, message);
    BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::fail), message);
  }
  auto run = good_run();
  run.serial(30, "__common_interrupt: 0.41 No irq handler for vector");
  run.serial(30, "e1000e 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer");
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["vector"] == 1);
  BOOST_TEST(numbers(result)["aer-corrected"] == 1);
}

BOOST_AUTO_TEST_CASE(plain_warnings_of_the_log_are_listed_and_do_not_fail) {
  auto run = good_run();
  run.drop_agent("kmsg");
  run.agent(
      38, "response",
      {{"op", "kmsg"},
       {"records", 5},
       {"lost", 0},
       {"first_sequence", 0},
       {"entries",
        {{{"sequence", 4}, {"level", 4}, {"guest", 1.5}, {"text", "clocksource: unstable"}}}}});
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST((result.verdict == Verdict::pass));
  BOOST_TEST(result.reason == "nothing serious, 1 plain warning");
}

// The issue: what users report from capture kernels passed as "nothing serious".
BOOST_AUTO_TEST_CASE(what_a_driver_under_test_or_the_boot_says_of_itself_fails) {
  for (const char* message :
       {"[    9.000000] e1000e 0000:00:02.0 eth0: could not quiesce its receiver (-16)",
        "[    1.150400] Initramfs unpacking failed: write error",
        "[    9.000000] e1000e: probe of 0000:00:02.0 failed with error -5"}) {
    auto run = good_run();
    run.serial(30, message);
    BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::fail), message);
  }
}

BOOST_AUTO_TEST_CASE(information_that_names_trouble_passes) {
  auto run = good_run();
  run.serial(30,
             "[    9.000000] e1000e 0000:00:02.0: error reporting enabled, no fault found, reset "
             "timeout 20 s");
  BOOST_TEST(judge_one(run, "kernel.log").reason == "no warning");
}

BOOST_AUTO_TEST_CASE(the_failure_of_another_device_is_listed) {
  auto run = good_run();
  run.serial(30, "[    9.000000] i8042: probe of i8042 failed with error -5");
  const auto result = judge_one(run, "kernel.log");
  BOOST_TEST(result.reason == "nothing serious, 1 plain warning");
  BOOST_TEST(numbers(result)["elsewhere"] == 1);
  BOOST_TEST((judge_one(run, "kernel.log", {{"fail_on", {"elsewhere"}}}).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_log_that_was_lost_or_never_read_is_inconclusive) {
  auto run = good_run();
  run.drop_agent("kmsg");
  BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::inconclusive));
  run.agent(38, "response",
            {{"op", "kmsg"}, {"records", 5}, {"lost", 3}, {"entries", nlohmann::json::array()}});
  BOOST_TEST(judge_one(run, "kernel.log").reason ==
             "3 records of the capture kernel's log were lost");
  run.drop_agent("kmsg");
  run.agent(38, "response",
            {{"op", "kmsg"},
             {"records", 5},
             {"lost", 0},
             {"left_out", 2},
             {"entries", nlohmann::json::array()}});
  BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::inconclusive));
  BOOST_TEST(judge_one(run, "kernel.log").reason ==
             "2 records of the capture kernel's log did not fit into the agent's answer");
  run.cut(11);
  BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
