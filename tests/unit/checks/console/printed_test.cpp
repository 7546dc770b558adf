// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/console/printed.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_console)

namespace {

using checks::compare_printed;
using checks::Verdict;
using record::answer::LogEntry;

std::vector<LogEntry> log_of(const std::vector<std::string>& texts, int level = 6) {
  std::vector<LogEntry> log;
  for (const auto& text : texts)
    log.push_back({.sequence = log.size(), .level = level, .guest = 1, .text = text});
  return log;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_message_below_the_console_level_is_looked_for) {
  auto log = log_of({"one", "two", "three"});
  log.push_back({.sequence = 3, .level = 7, .text = "debug"});
  const auto printed = compare_printed(log, 7, {"one", "somebody else", "two", "three"});
  BOOST_TEST(printed.due == 3U);
  BOOST_TEST(printed.whole == 3U);
  BOOST_TEST(printed.missing.empty());
  BOOST_TEST(compare_printed(log, 4, {}).due == 0U);
}

BOOST_AUTO_TEST_CASE(what_dev_kmsg_escapes_is_compared_as_it_is_printed) {
  const auto printed = compare_printed(
      log_of({"rcu: \\x09RCU", "ACPI: \\x5c_SB_.GSIH", "first\\x0asecond", "C:\\x", "\\xzz"}), 7,
      {"rcu: \tRCU", "ACPI: \\_SB_.GSIH", "first", "second", "C:\\x", "\\xzz"});
  BOOST_TEST(printed.whole == 6U);
  BOOST_TEST(printed.due == 6U);
}

BOOST_AUTO_TEST_CASE(what_never_came_out_what_is_damaged_and_what_came_too_early_are_told_apart) {
  const auto log = log_of({"pci 0000:00:01.0: one", "pci 0000:00:01.0: two", "usb 1-1: new device",
                           "hid-generic 0003: input", "last"});
  const auto printed = compare_printed(
      log, 7, {"usb 1-1: new device", "pci 0000:00:01.0: one", "pci 0000:0.0: two", "last"});
  BOOST_TEST(printed.whole == 2U);
  BOOST_TEST(printed.damaged == 1U);
  BOOST_TEST(printed.out_of_order == 1U);
  BOOST_REQUIRE(printed.missing.size() == 1U);
  BOOST_TEST(printed.missing[0].text == "hid-generic 0003: input");
}

BOOST_AUTO_TEST_CASE(the_same_words_said_later_do_not_hide_what_lies_in_between) {
  std::vector<std::string> texts{"again"};
  for (int i = 0; i < 100; ++i) texts.push_back("line " + std::to_string(i));
  texts.emplace_back("again");
  const std::vector<std::string_view> lines(texts.begin() + 1, texts.end());
  const auto printed = compare_printed(log_of(texts), 7, lines);
  BOOST_TEST(printed.whole == texts.size());
  BOOST_TEST(printed.out_of_order == 0U);
}

BOOST_AUTO_TEST_CASE(lines_that_the_kernel_says_it_dropped_are_counted) {
  const auto printed = compare_printed(log_of({"a", "b"}), 7, {"** 2 printk messages dropped **"});
  BOOST_TEST(printed.dropped == 2U);
  BOOST_TEST(printed.missing.size() == 2U);
}

namespace {

/// good_run whose agent sends the whole log, with the lines on the console.
RunBuilder talkative(const std::vector<std::string>& logged, const std::vector<std::string>& out) {
  auto run = good_run();
  run.kernel_log(log_of(logged), record::info_level, 7);
  for (const auto& text : out) run.serial(30, "[    5.000000] " + text);
  return run;
}

}  // namespace

// The marker is written through the tty, not by the kernel: a console that went mute after 5 s
// passed.
BOOST_AUTO_TEST_CASE(a_console_that_goes_mute_fails_though_the_marker_comes) {
  const auto whole = judge_one(talkative({"alpha", "beta"}, {"alpha", "beta"}), "console.serial");
  BOOST_TEST((whole.verdict == Verdict::pass), whole.reason);
  const auto mute = judge_one(talkative({"alpha", "beta"}, {"alpha"}), "console.serial");
  BOOST_TEST((mute.verdict == Verdict::fail), mute.reason);
  BOOST_TEST(mute.reason.find("1 of 2 lines that the kernel logged") != std::string::npos,
             mute.reason);
}

BOOST_AUTO_TEST_CASE(a_line_that_lost_characters_fails) {
  const auto result =
      judge_one(talkative({"alphabet", "beta"}, {"alphet", "beta"}), "console.serial");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
}

BOOST_AUTO_TEST_CASE(lines_in_another_order_than_they_were_logged_fail) {
  const auto result = judge_one(talkative({"alpha", "beta", "gamma"}, {"beta", "alpha", "gamma"}),
                                "console.serial");
  BOOST_TEST((result.verdict == Verdict::fail), result.reason);
  BOOST_TEST(result.reason.find("1 line came out on ttyS0 before") == 0, result.reason);
}

BOOST_AUTO_TEST_CASE(lines_that_the_kernel_itself_dropped_are_told_and_no_failure) {
  const auto result = judge_one(
      talkative({"alpha", "beta"}, {"** 1 printk messages dropped **", "beta"}), "console.serial");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
}

// "no Linux version among 2 lines": the kernel was told to be quiet.
BOOST_AUTO_TEST_CASE(a_kernel_that_was_told_to_be_quiet_owes_its_console_no_banner) {
  auto run = good_run();
  for (const char* text : {"Linux version", "pci 0000", "e1000e"}) run.drop_serial(text);
  run.serial(1, "[    0.000000] Linux version 6.1.0 production");
  run.drop_events("serial.line");
  run.drop_agent("hello");
  run.agent(22, "event",
            {{"event", "hello"}, {"role", "capture"}, {"command_line", "quiet irqpoll"}});
  const auto result = judge_one(run, "console.serial");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
