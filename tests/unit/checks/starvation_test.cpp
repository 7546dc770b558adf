// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/starvation.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/text.hpp"
#include "tests/unit/checks/reset/action_run.hpp"
#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_starvation)

using checks::Verdict;

namespace {

/// good_run in which QEMU has `had` and waits for `waited` each second, from the panic on.
void count_cores(RunBuilder& run, double had, double waited, double from = 10, double until = 40) {
  for (double t = from; t <= until; t += 1)
    run.event(t, "cores", {{"had_s", had * (t - from + 1)}, {"waited_s", waited * (t - from + 1)}});
}

/// Its kernel panics before userspace.
RunBuilder with_panic(const std::string& why) {
  auto run = good_run();
  run.cut(18);
  run.serial(18, "[    0.040000] Kernel panic - not syncing: " + why);
  run.event(30, "run.end", {{"reason", "finished"}});
  run.event(29, "cpus",
            {{"at", "capture"},
             {"cpus", nlohmann::json::array(
                          {{{"index", 0}, {"rip", "0xffffffff81000000"}, {"place", "kernel"}}})}});
  return run;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

// Four guests at once on two processors: "IO-APIC + timer doesn't work!".
BOOST_AUTO_TEST_CASE(a_panic_of_a_starved_guest_decides_nothing) {
  auto run = with_panic("IO-APIC + timer doesn't work!");
  BOOST_TEST((judge_one(run, "capture.entered").verdict == Verdict::fail));
  auto fed = run;
  count_cores(fed, 0.9, 0.3, 10, 29);
  BOOST_TEST((judge_one(fed, "capture.entered").verdict == Verdict::fail));
  count_cores(run, 0.4, 0.7, 10, 29);
  const auto starved = judge_one(run, "capture.entered");
  BOOST_TEST((starved.verdict == Verdict::inconclusive), starved.reason);
  BOOST_TEST(says(starved.reason, "panicked"), starved.reason);
  BOOST_TEST(says(starved.reason, "QEMU waited 5.6 s for a processor and had one for 3.2 s"),
             starved.reason);
}

BOOST_AUTO_TEST_CASE(a_panic_for_another_reason_fails_a_starved_guest_too) {
  auto run = with_panic("Fatal exception");
  count_cores(run, 0.4, 0.7, 10, 29);
  BOOST_TEST((judge_one(run, "capture.entered").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(both_checks_judge_a_panic_over_a_timer_alike) {
  auto run = with_panic("IO-APIC + timer doesn't work!  Boot with apic=debug");
  BOOST_TEST((judge_one(run, "kernel.log").verdict == Verdict::fail));
  count_cores(run, 0.4, 0.7, 10, 29);
  const auto starved = judge_one(run, "kernel.log");
  BOOST_TEST((starved.verdict == Verdict::inconclusive), starved.reason);
}

BOOST_AUTO_TEST_CASE(a_bad_moment_before_the_panic_counts_and_one_after_it_does_not) {
  for (const bool at_once : {true, false}) {
    auto run = with_panic("IO-APIC + timer doesn't work!");
    double had = 0;
    double waited = 0;
    for (double t = 10; t <= 29; t += 1) {
      const bool bad = at_once ? t > 14 && t <= 18 : t > 24 && t <= 28;
      had += bad ? 0.3 : 1;
      waited += bad ? 1 : 0.1;
      run.event(t, "cores", {{"had_s", had}, {"waited_s", waited}});
    }
    const auto result = judge_one(run, "capture.entered");
    BOOST_TEST((result.verdict == (at_once ? Verdict::inconclusive : Verdict::fail)),
               result.reason);
  }
}

// A guest that hangs with its CPU halted asks for no processor.
BOOST_AUTO_TEST_CASE(a_guest_that_sleeps_is_not_starved) {
  auto run = with_panic("Attempted to kill init!");
  count_cores(run, 0.01, 0.03, 10, 29);
  BOOST_TEST((judge_one(run, "capture.entered").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(what_is_no_matter_of_time_fails_a_starved_guest_too) {
  auto run = good_run();
  count_cores(run, 0.4, 0.7);
  for (const char* check : {"capture.entered", "device.works", "kernel.log"})
    BOOST_TEST((judge_one(run, check).verdict == Verdict::pass), check);
  run.serial(30, "[   12.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008");
  run.kernel_log({{.level = 1,
                   .guest = 12,
                   .text = "BUG: kernel NULL pointer dereference, address: 0000000000000008"}});
  const auto oops = judge_one(run, "kernel.log");
  BOOST_TEST((oops.verdict == Verdict::fail), oops.reason);
  BOOST_TEST(!says(oops.reason, "waited"), oops.reason);
}

BOOST_AUTO_TEST_CASE(a_lockup_of_a_starved_guest_is_the_hosts) {
  for (const double waited : {0.1, 0.9}) {
    auto run = good_run();
    count_cores(run, 0.5, waited);
    const std::string line = "watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [swapper/0:1]";
    run.serial(30, "[   12.000000] " + line);
    run.kernel_log({{.level = 0, .guest = 12, .text = line}});
    const auto result = judge_one(run, "kernel.log");
    BOOST_TEST((result.verdict == (waited > 0.5 ? Verdict::inconclusive : Verdict::fail)),
               result.reason);
  }
}

// 16 at once: "the run took longer than its 300.0 s".
BOOST_AUTO_TEST_CASE(a_deadline_of_the_harness_that_a_starved_machine_missed_names_the_cause) {
  for (const double waited : {0.1, 0.9}) {
    auto run = good_run();
    run.cut(30);
    count_cores(run, 0.52, waited, 1, 30);
    run.event(30, "error",
              {{"phase", "capture"}, {"code", "timeout"}, {"message", "it took too long"}});
    run.event(30.1, "run.end", {{"reason", "error"}});
    const auto result = checks::judge(run.run());
    BOOST_TEST((result.outcome == checks::Outcome::error));
    BOOST_TEST(result.reason == (waited > 0.5 ? "phase capture: it took too long; QEMU waited 26 s "
                                                "for a processor and had one for 15 s: run fewer "
                                                "at once"
                                              : "phase capture: it took too long"));
  }
}

// A guest that sleeps beside a busy host: "QEMU waited 1 s for a processor and had one for 0 s",
// and a device that was ready 1.3 s too late passed for starved.
BOOST_AUTO_TEST_CASE(what_took_too_long_by_more_than_the_machine_waited_is_not_the_hosts) {
  const auto reset = [](double ready_ms, double waited) {
    ActionRun run;
    run.act("reset", "flr", Writes::until_the_action, {{"ready_ms", ready_ms}});
    count_cores(run.run, 0.1, waited);
    return run.judge();
  };
  BOOST_TEST((reset(4480, 0.9).verdict == Verdict::fail), reset(4480, 0.9).reason);
  BOOST_TEST((reset(4480, 1.4).verdict == Verdict::inconclusive), reset(4480, 1.4).reason);
  // The kernel may have looked a moment before a second had passed, and then only here.
  BOOST_TEST((reset(2147, 0.2).verdict == Verdict::inconclusive), reset(2147, 0.2).reason);
  BOOST_TEST((reset(1500, 0.9).verdict == Verdict::inconclusive), reset(1500, 0.9).reason);
  BOOST_TEST((reset(1500, 0.05).verdict == Verdict::fail), reset(1500, 0.05).reason);

  const auto load = [](double waited) {
    auto run = good_run();
    run.agent(26, "event",
              {{"event", "module"}, {"name", "nvme_core"}, {"ms", 32000}, {"guest", 42}});
    count_cores(run, 0.05, waited);
    return judge_one(run, "driver.reinit");
  };
  BOOST_TEST((load(0.11).verdict == Verdict::fail), load(0.11).reason);
  BOOST_TEST((load(0.3).verdict == Verdict::inconclusive), load(0.3).reason);
}

// A slow probe that two checks see: the guest slept in it, beside a busy host.
BOOST_AUTO_TEST_CASE(
    a_kernel_that_took_too_long_to_userspace_is_the_hosts_for_as_long_as_it_waited) {
  for (const double waited : {0.2, 0.7}) {
    auto run = good_run();
    run.drop_agent("hello");
    run.agent(22, "event", {{"event", "hello"}, {"role", "capture"}, {"guest", 40.0}});
    count_cores(run, 0.05, waited, 1, 50);
    const auto result = judge_one(run, "capture.entered");
    BOOST_TEST((result.verdict == (waited > 0.3 ? Verdict::inconclusive : Verdict::fail)),
               waited << ": " << result.reason);
  }
}

// Eight seconds of a busy host long before it are no excuse.
BOOST_AUTO_TEST_CASE(what_took_too_long_was_starved_meanwhile_or_not_at_all) {
  for (const bool meanwhile : {true, false}) {
    ActionRun run;
    run.act("reset", "flr", Writes::until_the_action, {{"ready_ms", 1500}});
    double waited = 0;
    for (double t = 10; t <= 40; t += 1) {
      waited += (t > 23 && t <= 25) == meanwhile ? 0.9 : 0.01;
      run.run.event(t, "cores", {{"had_s", 0.05 * (t - 9)}, {"waited_s", waited}});
    }
    const auto result = run.judge();
    BOOST_TEST((result.verdict == (meanwhile ? Verdict::inconclusive : Verdict::fail)),
               result.reason);
  }
}

// Wrong blocks of a disk are not the host's, whatever it did.
BOOST_AUTO_TEST_CASE(a_test_that_failed_by_what_came_fails_a_starved_guest_too) {
  for (const char* why : {"timeout", "protocol", "io", ""}) {
    auto run = good_run();
    nlohmann::json fields{{"device", "vga0"}, {"ok", false}, {"detail", "as it was"}};
    // Agents of before did not say.
    if (*why != 0) fields["why"] = why;
    run.event(33, "test.result", fields);
    BOOST_TEST(judge_one(run, "device.works").reason == "vga0: console failed: as it was");
    count_cores(run, 0.4, 0.7);
    const auto result = judge_one(run, "device.works");
    BOOST_TEST(
        (result.verdict ==
         (*why == 0 || why == std::string("timeout") ? Verdict::inconclusive : Verdict::fail)),
        result.reason);
  }
}

BOOST_AUTO_TEST_CASE(a_probe_that_failed_is_the_drivers_unless_something_did_not_answer_in_time) {
  const std::pair<const char*, Verdict> lines[] = {
      {"e1000e: probe of 0000:00:02.0 failed with error -5", Verdict::fail},
      {"e1000e 0000:00:02.0: probe with driver e1000e failed with error -5", Verdict::fail},
      {"e1000e: probe of 0000:00:02.0 failed with error -110", Verdict::inconclusive},
      {"e1000e: probe of 0000:00:02.0 failed with error -51", Verdict::fail},
      {"e1000e 0000:00:02.0: reading failed with error -5", Verdict::inconclusive},
      {"e1000e: probe of 0000:00:09.0 failed with error -5", Verdict::inconclusive},
      // What came of it after its own words.
      {"e1000e 0000:00:02.0: Timeout waiting for firmware\n[    9.100000] e1000e: probe of "
       "0000:00:02.0 failed with error -5",
       Verdict::inconclusive},
      {"e1000e 0000:00:02.0: Error: link changed\n[    9.100000] e1000e: probe of 0000:00:02.0 "
       "failed with error -5",
       Verdict::fail},
      // A driver that would have had it as well.
      {"vfio-pci: probe of 0000:00:02.0 failed with error -16", Verdict::inconclusive}};
  for (const auto& [line, verdict] : lines) {
    auto run = good_run();
    run.drop_agent("bound");
    run.agent(27, "response",
              {{"op", "wait-bound"},
               {"bound", {{{"address", "0000:00:03.0"}, {"driver", "bochs-drm"}}}}});
    run.pci("capture-end-agent", 39,
            {{.address = "0000:00:02.0"}, {.address = "0000:00:03.0", .driver = "bochs-drm"}});
    for (const auto& one : split(std::string("[    9.000000] ") + line, '\n'))
      run.serial(26.5, std::string(one));
    const auto fed = judge_one(run, "driver.reinit");
    BOOST_TEST((fed.verdict == Verdict::fail), fed.reason);
    count_cores(run, 0.4, 0.7);
    const auto starved = judge_one(run, "driver.reinit");
    BOOST_TEST((starved.verdict == verdict), line << ": " << starved.reason);
  }
}

BOOST_AUTO_TEST_CASE(counts_are_taken_of_the_stretch_that_is_asked_for) {
  auto run = good_run();
  BOOST_TEST(!checks::cores_between(run.run(), 0, 40).has_value());
  count_cores(run, 0.5, 0.25);
  const auto some = checks::cores_between(run.run(), 20.5, 29.5);
  BOOST_REQUIRE(some.has_value());
  BOOST_TEST(some->seconds == 10.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(some->had_s == 5.0, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(some->waited_s == 2.5, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
