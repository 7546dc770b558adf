// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_irq_quiet)

using checks::Verdict;
using nlohmann::json;

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

json line(const char* name, int total, const char* chip, const char* actions) {
  return {{"name", name}, {"total", total}, {"chip", chip}, {"actions", actions}};
}

/// good_run with other counts: `lines` and `spurious` at the window's begin are `first`, at all
/// points after it `later`.
RunBuilder counted(const json& first, const json& later) {
  auto run = good_run();
  run.drop_agent("interrupts");
  const std::pair<const char*, double> points[] = {
      {"capture-entry", 22.1}, {"window-end", 25}, {"drivers", 28.1}, {"capture-end", 39.5}};
  for (const auto& [at, t] : points) {
    json answer{{"op", "interrupts"}, {"at", at}, {"lines", json::array()}};
    answer.update(t < 23 ? first : later);
    run.agent(t, "response", answer);
  }
  return run;
}

bool any_detail(const checks::CheckResult& result, const std::string& part) {
  return std::any_of(result.details.begin(), result.details.end(),
                     [&](const std::string& detail) { return says(detail, part); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(interrupts_that_a_driver_takes_are_quiet) {
  const auto result = judge_one(good_run(), "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["irqpoll"] == true);
  BOOST_TEST(numbers(result)["pci=nomsi"] == false);
}

BOOST_AUTO_TEST_CASE(a_line_that_the_kernel_disabled_fails) {
  auto run = good_run();
  run.serial(23, "[    5.000000] irq 16: nobody cared (try booting with the \"irqpoll\" option)");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_line_is_given_up_once_however_many_messages_say_so) {
  auto run = good_run();
  run.serial(23, "[    5.000000] irq 16: nobody cared (try booting with the \"irqpoll\" option)");
  run.serial(23.1, "[    5.000001] Disabling IRQ #16");
  BOOST_TEST(numbers(judge_one(run, "irq.quiet"))["disabled"] == 1);
}

BOOST_AUTO_TEST_CASE(a_storm_that_no_driver_takes_fails_above_its_parameter) {
  const auto run = counted({{"lines", {line("16", 0, "IO-APIC 16-fasteoi", "")}}},
                           {{"lines", {line("16", 29000, "IO-APIC 16-fasteoi", "")}}});
  const auto result = judge_one(run, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(result.reason ==
             "irq 16 (IO-APIC 16-fasteoi, no driver) came 10000 times a second before the drivers "
             "and no driver took it");
  BOOST_TEST((judge_one(run, "irq.quiet", {{"storm", 20000}}).verdict == Verdict::pass));
}

// With irqpoll the kernel never gives the line up, and its count of unhandled ones was small again.
BOOST_AUTO_TEST_CASE(a_line_so_busy_that_the_kernel_counted_anew_is_a_storm) {
  const auto run = counted({{"lines", {line("22", 0, "IO-APIC 22-fasteoi", "eth0")}}},
                           {{"lines", {line("22", 610003, "IO-APIC 22-fasteoi", "eth0")}},
                            {"spurious", {{{"line", "22"}, {"unhandled", 10}}}}});
  const auto result = judge_one(run, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "610003 in all"), result.reason);
  const auto busy = counted({{"lines", {line("22", 0, "IO-APIC 22-fasteoi", "eth0")}}},
                            {{"lines", {line("22", 610003, "IO-APIC 22-fasteoi", "eth0")}}});
  BOOST_TEST((judge_one(busy, "irq.quiet").verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_storm_while_the_kernel_boots_fails_too) {
  const json there{{"lines", {line("16", 90000, "IO-APIC 16-fasteoi", "")}}};
  const auto result = judge_one(counted(there, there), "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.reason, "before userspace"), result.reason);
}

BOOST_AUTO_TEST_CASE(a_shared_line_whose_drivers_do_not_take_its_interrupts_is_a_storm) {
  const auto at = [](int total, int unhandled) {
    return json{{"lines", {line("16", total, "IO-APIC 16-fasteoi", "eth0")}},
                {"spurious", {{{"line", "16"}, {"unhandled", unhandled}}}}};
  };
  BOOST_TEST((judge_one(counted(at(0, 0), at(60000, 0)), "irq.quiet").verdict == Verdict::pass));
  BOOST_TEST(
      (judge_one(counted(at(0, 0), at(60000, 50000)), "irq.quiet").verdict == Verdict::fail));
  // The kernel began to count anew.
  BOOST_TEST(
      (judge_one(counted(at(0, 90000), at(110000, 9000)), "irq.quiet").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_message_signalled_line_names_its_device) {
  // Function 0000:00:02.0 is net0: (2 << 3) << 11 in the domain of 6.1.
  auto run = counted({{"lines", {line("24", 0, "PCI-MSI 32768-edge", "eth0")}}},
                     {{"lines",
                       {line("24", 50, "PCI-MSI 32769-edge", "eth0"),
                        line("25", 60, "PCI-MSIX-0000:00:02.0 0-edge", "eth0"),
                        line("26", 70, "PCI-MSI 524288-edge", ""),
                        line("27", 80, "IO-APIC 17-fasteoi", "bochs-drm, i801")}}});
  const auto result = judge_one(run, "irq.quiet");
  const auto lines = numbers(result)["spans"]["before the drivers"]["lines"];
  BOOST_TEST(lines["24"]["device"] == "net0");
  BOOST_TEST(lines["25"]["device"] == "net0");
  BOOST_TEST(lines["26"]["device"] == "0000:01:00.0");
  BOOST_TEST(lines["27"]["device"] == "vga0");
  BOOST_TEST(any_detail(result, "irq  24 (net0, PCI-MSI 32769-edge, eth0): 50 in 2.9 s"));
}

BOOST_AUTO_TEST_CASE(time_lost_and_the_apics_complaints_are_told) {
  const auto at = [](int spurious, int errors, int total, int irq) {
    return json{{"lines", {line("SPU", spurious, "", "Spurious interrupts")}},
                {"error", errors},
                {"time", {{"total", total}, {"irq", irq}, {"softirq", 0}}}};
  };
  const auto result = judge_one(counted(at(1, 0, 2210, 0), at(4, 2, 2500, 145)), "irq.quiet");
  const auto span = numbers(result)["spans"]["before the drivers"];
  BOOST_TEST(span["spurious"] == 3);
  BOOST_TEST(span["apic_errors"] == 2);
  BOOST_TEST(span["irq_share"] == 50.0);
  BOOST_TEST(any_detail(result, "before the drivers: 50 % of the CPUs' time in interrupts"));
  BOOST_TEST(any_detail(result, "before the drivers: 3 spurious interrupts of the APIC"));
}

BOOST_AUTO_TEST_CASE(a_kernel_that_ran_out_of_vectors_fails) {
  auto run = good_run();
  run.serial(27, "[    9.000000] Managed startup irq 30, no vector available");
  BOOST_TEST(says(judge_one(run, "irq.quiet").reason, "the kernel ran out of vectors"));
  BOOST_TEST(numbers(judge_one(good_run(), "irq.quiet"))["lines_with_driver"] == 1);
}

BOOST_AUTO_TEST_CASE(irqpoll_and_nomsi_are_read_from_what_the_kernel_was_booted_with) {
  auto run = good_run();
  run.drop_agent("hello");
  run.agent(22, "event",
            {{"event", "hello"}, {"role", "capture"}, {"command_line", "nr_cpus=1 pci=nomsi"}});
  const auto result = judge_one(run, "irq.quiet");
  BOOST_TEST(numbers(result)["irqpoll"] == false);
  BOOST_TEST(numbers(result)["pci=nomsi"] == true);
}

BOOST_AUTO_TEST_CASE(stale_vectors_are_tolerated_unless_a_limit_is_given) {
  auto run = good_run();
  run.serial(18, "[    1.000000] __common_interrupt: 0.35 No irq handler for vector");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::pass));
  BOOST_TEST((judge_one(run, "irq.quiet", {{"stale_vectors", 0}}).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(without_counts_nothing_is_known_of_interrupts) {
  auto run = good_run();
  run.drop_agent("interrupts");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::inconclusive));
}

// Two samples of the window were enough for "no storm", whatever the drivers did.
BOOST_AUTO_TEST_CASE(a_stretch_of_the_run_that_was_not_counted_makes_it_inconclusive) {
  auto run =
      counted({{"lines", {line("24", 0, "", "eth0")}}}, {{"lines", {line("24", 0, "", "eth0")}}});
  auto texts = run.texts();
  auto& agent = texts["agent.ndjson"];
  for (auto at = agent.find("\"at\":\"capture-end\""); at != std::string::npos;
       at = agent.find("\"at\":\"capture-end\""))
    agent.replace(at, 4, "\"xx\"");
  forget_numbers(texts);
  const auto assembled = evidence::assemble(texts);
  BOOST_REQUIRE(assembled.has_value());
  for (const auto& check : checks::judge(*assembled).checks) {
    if (check.name != "irq.quiet") continue;
    BOOST_TEST((check.verdict == Verdict::inconclusive));
    BOOST_TEST(says(check.reason, "the counts of interrupts at capture-end are missing"));
  }
  // Without drivers there is a stretch less.
  run.plan.scenario.steps.drivers = false;
  run.drop_events("mark", 27);
  run.mark(40, "capture-end");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::pass));
}

namespace {

/// good_run whose capture kernel tells `times` times of a vector without a handler, `gap` seconds
/// apart.
RunBuilder with_vector(int times, double gap) {
  auto run = good_run();
  for (int i = 0; i < times; ++i)
    run.serial(18 + 0.01 * i, fmt::format("[{:12.6f}] __common_interrupt: 0.208 No irq handler for "
                                          "vector",
                                          0.29 + gap * i));
  return run;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_vector_that_nobody_set_up_and_that_comes_all_the_time_is_a_storm) {
  const auto result = judge_one(with_vector(10, 0.001), "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(
      says(result.reason, "vector 0.208, which nobody had set up, came 10 times within 9 ms"),
      result.reason);
}

// The storm itself costs the serial line characters; the kernel's log has them.
BOOST_AUTO_TEST_CASE(the_kernels_log_is_asked_for_vectors_before_the_serial_line) {
  // As 6.1 and as 6.12 say it.
  for (const char* text :
       {"__common_interrupt: 0.208 No irq handler for vector", "No irq handler for 0.208"}) {
    auto run = with_vector(9, 0.001);
    run.drop_agent("kmsg");
    json entries = json::array();
    for (int i = 0; i < 10; ++i) entries.push_back({{"level", 0}, {"guest", 0.29}, {"text", text}});
    run.agent(39.6, "response",
              {{"op", "kmsg"},
               {"records", 10},
               {"lost", 0},
               {"first_sequence", 0},
               {"last_sequence", 9},
               {"entries", entries}});
    const auto result = judge_one(run, "irq.quiet");
    BOOST_TEST((result.verdict == Verdict::fail), text);
    BOOST_TEST(says(result.reason, "vector 0.208, which"), result.reason);
  }
}

namespace {

void deliver(RunBuilder& into, double from, double to, double gap, int vector, int cpu) {
  for (double t = from; t < to; t += gap)
    into.trace(t, fmt::format("apic_deliver_irq dest {} dest_mode 0 delivery_mode 0 vector {} "
                              "trigger_mode 0",
                              cpu, vector));
}

/// good_run whose capture kernel tells of vector 39 before its clock runs and, soon, after it.
RunBuilder early(int untimed, int timed) {
  auto run = good_run();
  for (int i = 0; i < untimed; ++i)
    run.serial(18, "[    0.000000] __common_interrupt: 0.39 No irq handler for vector");
  run.serial(19.5, "[    0.008000] APIC: Switch to symmetric I/O mode setup");
  for (int i = 0; i < timed; ++i)
    run.serial(19.6, fmt::format("[{:12.6f}] __common_interrupt: 0.39 No irq handler for vector",
                                 0.01 + 0.001 * i));
  return run;
}

}  // namespace

// Of 31 runs of the same kernel one failed by this: where the clock runs, the same ten take 190 ms.
BOOST_AUTO_TEST_CASE(
    messages_before_the_kernels_clock_runs_say_nothing_of_how_often_a_vector_came) {
  auto run = good_run();
  for (int i = 0; i < 10; ++i)
    run.serial(18, "[    0.000000] __common_interrupt: 0.39 No irq handler for vector");
  // The first line with a time: until then the kernel has given out no vector itself.
  run.serial(19.5, "[    0.008000] APIC: Switch to symmetric I/O mode setup");
  const auto unknown = judge_one(run, "irq.quiet");
  BOOST_TEST((unknown.verdict == Verdict::inconclusive), unknown.reason);
  BOOST_TEST(says(unknown.reason, "before the kernel's clock ran, and how often is not recorded"));

  // What QEMU delivered has times: 47 a second are no storm, and neither what came before this
  // kernel ran nor what it set up itself is.
  auto seldom = run;
  deliver(seldom, 16, 16.1, 0.0001, 39, 0);
  deliver(seldom, 18, 19.4, 0.021, 39, 0);
  deliver(seldom, 21, 21.9, 0.0001, 39, 1);
  const auto result = judge_one(seldom, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(any_detail(result,
                        "vector 0.39, which nobody had set up, came 10 times before the kernel's "
                        "clock ran, at most 48 times a second by what QEMU delivered"));
  // A storm goes on, and the kernel tells anew when five seconds are over.
  auto later = seldom;
  for (int i = 0; i < 10; ++i)
    later.serial(24, "[    5.500000] __common_interrupt: 0.39 No irq handler for vector");
  BOOST_TEST((judge_one(later, "irq.quiet").verdict == Verdict::fail));
  auto often = run;
  deliver(often, 18, 19.4, 0.001, 39, 0);
  deliver(often, 22, 22.1, 0.01, 48, 0);
  const auto storm = judge_one(often, "irq.quiet");
  BOOST_TEST((storm.verdict == Verdict::fail), storm.reason);
  BOOST_TEST(says(storm.reason, "came 1000 times a second while the kernel booted"), storm.reason);
}

// A kernel without CONFIG_PRINTK_TIME: a vector that it set up itself later was called a storm.
BOOST_AUTO_TEST_CASE(where_the_line_has_no_times_the_log_tells_when_the_clock_ran) {
  auto run = good_run();
  for (const char* all : {"]", "quiesce-marker-serial"}) run.drop_serial(all);
  run.serial(1, "Linux version 6.1.0-56-amd64");
  run.serial(10.2, "Kernel panic - not syncing: sysrq triggered crash");
  run.serial(17.5, "Linux version 6.1.0-56-amd64");
  run.serial(18, "__common_interrupt: 0.41 No irq handler for vector");
  run.serial(19.5, "ACPI: Core revision 20220331");
  run.serial(22, "i8042: a mouse");
  run.serial(36.1, "quiesce-marker-serial");
  std::vector<record::answer::LogEntry> log{
      {.level = 0, .guest = 0, .text = "__common_interrupt: 0.41 No irq handler for vector"},
      {.level = 6, .guest = 0.008, .text = "ACPI: Core revision 20220331"}};
  for (int i = 0; i < 9; ++i)
    log.push_back({.level = 0,
                   .guest = 0.01 + 0.02 * i,
                   .text = "__common_interrupt: 0.39 No irq handler for vector"});
  log.push_back({.level = 6, .guest = 3, .text = "i8042: a mouse"});
  run.kernel_log(log, record::info_level);
  deliver(run, 18, 18.5, 0.02, 39, 0);
  deliver(run, 21, 21.9, 0.0001, 41, 0);
  const auto result = judge_one(run, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  // The same while the clock stood: then all ten are told before it runs.
  log.insert(log.begin(), 9, log.front());
  run.kernel_log(log, record::info_level);
  deliver(run, 18, 18.9, 0.0001, 41, 0);
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(early_deliveries_that_may_be_of_several_cpus_are_not_guessed) {
  auto run = early(10, 0);
  // Of another CPU nobody knows whether it is the one that told.
  auto another = run;
  deliver(another, 18, 19.4, 0.021, 39, 0);
  deliver(another, 18, 19.4, 0.001, 39, 1);
  deliver(another, 22, 22.1, 0.01, 48, 0);
  BOOST_TEST((judge_one(another, "irq.quiet").verdict == Verdict::inconclusive));
  // Each half of a storm below the limit.
  auto halves = run;
  deliver(halves, 18, 19.4, 0.0125, 39, 0);
  deliver(halves, 18.00625, 19.4, 0.0125, 39, 2);
  deliver(halves, 22, 22.1, 0.01, 48, 0);
  BOOST_TEST((judge_one(halves, "irq.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(the_kernels_ten_messages_are_of_all_vectors_and_of_either_side_of_its_clock) {
  for (const auto& [untimed, timed] : {std::pair(6, 4), std::pair(1, 9)}) {
    auto run = early(untimed, timed);
    deliver(run, 18, 19.4, 0.001, 39, 0);
    deliver(run, 22, 22.1, 0.01, 48, 0);
    BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::fail), untimed);
  }
  auto two = early(5, 0);
  for (int i = 0; i < 5; ++i)
    two.serial(18, "[    0.000000] __common_interrupt: 0.40 No irq handler for vector");
  deliver(two, 18, 19.4, 0.001, 39, 0);
  deliver(two, 18, 19.4, 0.001, 40, 0);
  deliver(two, 22, 22.1, 0.01, 48, 0);
  BOOST_TEST((judge_one(two, "irq.quiet").verdict == Verdict::fail));
  // With times as well.
  auto timed = good_run();
  for (int i = 0; i < 10; ++i)
    timed.serial(18, fmt::format("[{:12.6f}] __common_interrupt: 0.{} No irq handler for vector",
                                 0.3 + 0.001 * i, 39 + i % 2));
  const auto result = judge_one(timed, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(says(result.reason, "vector 0.39 and 0.40"), result.reason);
  // Fewer than ten: nothing was held back.
  BOOST_TEST((judge_one(early(4, 5), "irq.quiet").verdict == Verdict::pass));
}

// "vector 0.39 came 2 times before the kernel's clock ran, and QEMU's trace does not tell how
// often": what was told without a time was all there was, for the ten were used up later.
BOOST_AUTO_TEST_CASE(messages_that_last_until_the_clock_runs_tell_how_often_vectors_came) {
  const auto with = [](int untimed, int timed, double gap) {
    auto run = early(untimed, 0);
    for (int i = 0; i < timed; ++i)
      run.serial(19.6, fmt::format("[{:12.6f}] __common_interrupt: 0.40 No irq handler for vector",
                                   0.01 + gap * i));
    return judge_one(run, "irq.quiet");
  };
  const auto seldom = with(2, 8, 0.02);
  BOOST_TEST((seldom.verdict == Verdict::pass), seldom.reason);
  BOOST_TEST(any_detail(seldom, "vector 0.39, which nobody had set up, came 2 times before"));
  BOOST_TEST((with(8, 2, 0.1).verdict == Verdict::pass));
  // Soon after each other, or only the tenth with a time: not known.
  BOOST_TEST((with(2, 8, 0.002).verdict == Verdict::inconclusive));
  BOOST_TEST((with(9, 1, 0).verdict == Verdict::inconclusive));
  BOOST_TEST((with(9, 5, 0.5).verdict == Verdict::inconclusive));
}

// "vector 0.41 came 1 time, and QEMU's trace does not tell how often": it was pending when the old
// kernel left, so it was delivered before the trace begins.
BOOST_AUTO_TEST_CASE(a_vector_that_was_pending_at_the_handover_came_once) {
  auto run = early(9, 0);
  run.serial(18, "[    0.000000] __common_interrupt: 0.41 No irq handler for vector");
  deliver(run, 18, 19.4, 0.021, 39, 0);
  deliver(run, 22, 22.1, 0.01, 48, 0);
  const auto once = judge_one(run, "irq.quiet");
  BOOST_TEST((once.verdict == Verdict::pass), once.reason);
  // Twice it cannot have been pending.
  run.serial(18, "[    0.000000] __common_interrupt: 0.41 No irq handler for vector");
  BOOST_TEST((judge_one(run, "irq.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_trace_that_ends_early_does_not_tell_of_early_vectors) {
  auto cut = early(10, 0);
  deliver(cut, 18, 18.2, 0.021, 39, 0);
  cut.drop_trace("reset");
  cut.drop_trace("pci_cfg_write");
  BOOST_TEST((judge_one(cut, "irq.quiet").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_vector_that_becomes_a_storm_later_is_one) {
  auto run = with_vector(10, 0.1);
  for (int i = 0; i < 10; ++i)
    run.serial(28, fmt::format("[{:12.6f}] __common_interrupt: 0.208 No irq handler for vector",
                               9.0 + 0.001 * i));
  const auto result = judge_one(run, "irq.quiet");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(says(result.reason, "came 10 times within 9 ms"), result.reason);
}

BOOST_AUTO_TEST_CASE(a_stale_vector_that_comes_now_and_then_is_no_storm) {
  BOOST_TEST((judge_one(with_vector(10, 0.1), "irq.quiet").verdict == Verdict::pass));
  BOOST_TEST((judge_one(with_vector(9, 0.001), "irq.quiet").verdict == Verdict::pass));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
