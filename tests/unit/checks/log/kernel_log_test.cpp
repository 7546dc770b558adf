// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "harness/checks/log/patterns.hpp"
#include "harness/checks/support.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

using checks::Verdict;

BOOST_AUTO_TEST_SUITE(checks_kernel_log)

BOOST_AUTO_TEST_CASE(messages_of_real_kernels_are_put_in_their_class) {
  struct Row {
    const char* message;
    const char* kind;
  };
  constexpr Row rows[] = {
      {"WARNING: CPU: 0 PID: 1 at drivers/pci/msi.c:5 pci_msi+0x1/0x2", "warning"},
      {"WARNING: drivers/pci/msi.c:5 at pci_msi+0x1/0x2, CPU#0: init/1", "warning"},
      {"BUG: kernel NULL pointer dereference, address: 0000000000000000", "oops"},
      {"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [modprobe:1]", "lockup"},
      {"INFO: task kworker/0:1:12 blocked for more than 120 seconds.", "lockup"},
      {"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "lockup"},
      {"nvme nvme0: I/O 3 QID 0 timeout, disable controller", "timeout"},
      {"ata1.00: qc timed out", "timeout"},
      {"pcieport 0000:00:1c.0: AER: Uncorrected (Fatal) error received", "aer"},
      {"pcieport 0000:00:1c.0: AER: enabled with IRQ 24", ""},
      {"DMAR: [DMA Write NO_PASID] Request device [00:02.0] fault addr 0x1000", "dmar"},
      {"DMAR: Copied translation tables from previous kernel", ""},
      {"irq 11: nobody cared (try booting with the \"irqpoll\" option)", "irq"},
      {"__common_interrupt: 0.41 No irq handler for vector", "vector"},
      {"pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0", "aer-corrected"},
      {"e1000e 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Data Link Layer",
       "aer-corrected"},
      {"e1000e 0000:01:00.0:    [12] Timeout", "aer-corrected"},
      {"Command line: hung_task_timeout_secs=5 timeout", ""},
      {"nvme nvme0: Shutdown timeout set to 10 seconds", ""},
      {"Spectre V2 : WARNING: Unprivileged eBPF is enabled at boot", ""},
      {"e1000e: Intel(R) PRO/1000 Network Driver", ""},
  };
  for (const Row& row : rows) BOOST_TEST(checks::classify(row.message) == row.kind, row.message);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_pattern_must_come_in_order) {
  BOOST_TEST(checks::matches("a*b", "xaxbx"));
  BOOST_TEST(!checks::matches("a*b", "xbxax"));
  BOOST_TEST(checks::matches("", ""));
  BOOST_TEST(checks::matches("*", "x"));
}

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
