// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_capture)

using checks::Verdict;

namespace {

bool says(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

/// A run that ends at t without having come further, in good order: the guest missed its deadline.
RunBuilder stuck_at(double t) {
  auto run = good_run();
  run.cut(t);
  run.event(t + 60, "run.end", {{"reason", "finished"}});
  return run;
}

}  // namespace

BOOST_AUTO_TEST_CASE(userspace_of_the_capture_kernel_passes_with_its_times) {
  const auto result = judge_one(good_run(), "capture.entered");
  BOOST_TEST((result.verdict == Verdict::pass));
  BOOST_TEST(result.reason == "userspace 11.5 s after the handover, first line after 7.0 s");
  BOOST_TEST(numbers(result)["handover_to_userspace_s"] == 11.5);
}

namespace {

/// good_run whose capture kernel reached userspace at `guest` of its own clock, and whose log has a
/// silence that ends with a message of net0.
RunBuilder slow(double guest) {
  auto run = good_run();
  run.drop_agent("hello");
  run.agent(22, "event", {{"event", "hello"}, {"role", "capture"}, {"guest", guest}});
  run.kernel_log({{.level = 4, .guest = 1, .text = "e1000e: the driver"},
                  {.level = 4, .guest = guest - 1, .text = "virtio_blk: another"}});
  return run;
}

}  // namespace

// A probe that took 45 s passed: drivers that are built in bind before anybody asks.
BOOST_AUTO_TEST_CASE(userspace_that_comes_too_late_by_the_kernels_own_clock_fails) {
  const auto late = judge_one(slow(47.5), "capture.entered");
  BOOST_TEST((late.verdict == Verdict::fail), late.reason);
  BOOST_TEST(late.reason.find("47.5 s by its own clock") != std::string::npos, late.reason);
  BOOST_TEST(late.reason.find("silent for 45.5 s") != std::string::npos, late.reason);
  BOOST_TEST((judge_one(slow(12), "capture.entered").verdict == Verdict::pass));
  BOOST_TEST(
      (judge_one(slow(47.5), "capture.entered", {{"within", "60s"}}).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_capture_kernel_that_loops_in_purgatory_fails_and_names_it) {
  auto run = stuck_at(12);
  run.event(70, "cpus",
            {{"at", "end"},
             {"cpus",
              {{{"index", 0}, {"rip", "0x3bf01234"}, {"halted", false}, {"place", "purgatory"}},
               {{"index", 1},
                {"rip", "0xffffffff81"},
                {"halted", true},
                {"place", "production kernel"}}}}});
  const auto result = judge_one(run, "capture.entered");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "in purgatory, whose endless loop follows a wrong SHA-256"),
             result.reason);
  BOOST_TEST(result.details.size() == 3U);
}

BOOST_AUTO_TEST_CASE(the_cpus_at_the_handover_are_those_of_the_dying_kernel) {
  auto run = stuck_at(12);
  run.event(10.6, "cpus", {{"at", "handover"}, {"cpus", {{{"index", 0}, {"place", "kernel"}}}}});
  BOOST_TEST(says(judge_one(run, "capture.entered").reason, "where its CPUs were is not known"));
}

BOOST_AUTO_TEST_CASE(cpus_that_the_dead_kernel_parked_do_not_say_where_the_capture_kernel_is) {
  const auto with = [](nlohmann::json cpus) {
    auto run = stuck_at(12);
    run.event(70, "cpus", {{"at", "end"}, {"cpus", std::move(cpus)}});
    return judge_one(run, "capture.entered").reason;
  };
  const nlohmann::json parked{{"index", 0}, {"halted", false}, {"place", "production kernel"}};
  const nlohmann::json early{{"index", 1}, {"halted", true}, {"place", "early kernel"}};
  BOOST_TEST(says(with(nlohmann::json::array({parked, early})), "its CPU was in the early kernel"));
  BOOST_TEST(says(with(nlohmann::json::array({parked})), "no CPU left the dead kernel"));
}

BOOST_AUTO_TEST_CASE(a_panic_of_the_capture_kernel_is_the_reason) {
  auto run = stuck_at(20);
  run.serial(20, "[    2.000000] Kernel panic - not syncing: VFS: Unable to mount root fs");
  run.event(70, "cpus", {{"at", "end"}, {"cpus", nlohmann::json::array()}});
  BOOST_TEST(says(judge_one(run, "capture.entered").reason,
                  "panicked 9.5 s after the handover: Kernel panic - not syncing: VFS"));
}

BOOST_AUTO_TEST_CASE(a_panic_without_a_handover_fails) {
  const auto result = judge_one(stuck_at(10.45), "capture.entered");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "never reached machine_kexec"));
}

BOOST_AUTO_TEST_CASE(without_a_panic_or_with_a_cut_run_nothing_is_proved) {
  BOOST_TEST((judge_one(stuck_at(7), "capture.entered").verdict == Verdict::inconclusive));
  auto run = good_run();
  run.cut(15);
  BOOST_TEST((judge_one(run, "capture.entered").verdict == Verdict::inconclusive));
  run.event(15, "run.end", {{"reason", "interrupted"}});
  BOOST_TEST((judge_one(run, "capture.entered").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_capture_kernel_with_a_dump_and_its_command_line_passes) {
  const auto result = judge_one(good_run(), "capture.flag");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["vmcore_bytes"] == 800000000);
}

BOOST_AUTO_TEST_CASE(each_sign_of_a_capture_kernel_is_missed) {
  const auto with = [](const char* line, bool vmcore, std::uint64_t bytes) {
    auto run = good_run();
    run.drop_agent("hello");
    run.agent(
        22, "event",
        {{"event", "hello"}, {"command_line", line}, {"vmcore", vmcore}, {"vmcore_bytes", bytes}});
    return judge_one(run, "capture.flag");
  };
  const char* good = "reset_devices nr_cpus=1 irqpoll elfcorehdr=1";
  BOOST_TEST((with(good, true, 1).verdict == Verdict::pass));
  BOOST_TEST(with(good, false, 0).reason == "the capture kernel runs, but it has no /proc/vmcore");
  BOOST_TEST(with(good, true, 0).reason ==
             "the capture kernel runs, but its /proc/vmcore is empty");
  BOOST_TEST(says(with("reset_devices nr_cpus=1 irqpoll", true, 1).reason, "no elfcorehdr="));
  BOOST_TEST(
      says(with("nr_cpus=1 irqpoll elfcorehdr=1", true, 1).reason, "lacks \"reset_devices\""));
}

BOOST_AUTO_TEST_CASE(without_a_hello_the_flag_is_inconclusive) {
  auto run = good_run();
  run.drop_agent("hello");
  BOOST_TEST((judge_one(run, "capture.flag").verdict == Verdict::inconclusive));
  run.agent(22, "event", {{"event", "hello"}, {"vmcore", "yes"}});
  BOOST_TEST((judge_one(run, "capture.flag").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
