// SPDX-License-Identifier: GPL-2.0-or-later
#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(checks_console)

using checks::Verdict;
using nlohmann::json;

namespace {

bool says(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_serial_console_with_banner_and_marker_passes) {
  const auto result = judge_one(good_run(), "console.serial");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(numbers(result)["silent_s"] == 7.0);
}

BOOST_AUTO_TEST_CASE(a_marker_that_was_written_and_did_not_come_out_fails) {
  auto run = good_run();
  run.drop_serial("quiesce-marker-serial");
  BOOST_TEST((judge_one(run, "console.serial").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_capture_kernel_without_a_word_on_the_serial_line_fails) {
  auto run = good_run();
  for (const char* text : {"Linux version", "pci 0000", "e1000e", "quiesce-marker"})
    run.drop_serial(text);
  run.drop_events("serial.line");
  BOOST_TEST((judge_one(run, "console.serial").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_serial_log_without_the_production_kernel_proves_nothing) {
  auto run = good_run();
  run.drop_serial("");
  BOOST_TEST((judge_one(run, "console.serial").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_marker_that_was_never_written_is_inconclusive) {
  auto run = good_run();
  run.drop_serial("quiesce-marker-serial");
  run.drop_agent("write-console");
  BOOST_TEST((judge_one(run, "console.serial").verdict == Verdict::inconclusive));
  run.cut(12);
  BOOST_TEST((judge_one(run, "console.serial").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_screen_that_shows_the_kernels_text_passes_and_says_when_it_came_back) {
  const auto result = judge_one(good_run(), "console.screen");
  BOOST_TEST((result.verdict == Verdict::pass));
  BOOST_TEST(
      result.reason ==
      "all 21 cells show what the capture kernel wrote; it came back 16.5 to 17.5 s after the "
      "handover, with module bochs");
}

BOOST_AUTO_TEST_CASE(a_right_final_picture_is_the_last_alive_sample) {
  auto run = good_run();
  run.drop_events("screen.sample", 27);
  run.event(40, "screen", {{"name", "capture-end"}, {"file", "screen/capture-end.png"}});
  auto result = judge_one(run, "console.screen");
  BOOST_TEST((result.verdict == Verdict::pass));
  BOOST_TEST(says(result.reason, "it came back 16.5 to 29.5 s after the handover"), result.reason);
  run.file("screen/capture-end.txt", "Debian production kernel\nline two\n");
  result = judge_one(run, "console.screen");
  BOOST_TEST(!says(result.reason, "came back"), result.reason);
  BOOST_TEST(result.details.back() == "the screen never came back while it was sampled");
}

BOOST_AUTO_TEST_CASE(a_screen_that_shows_the_old_kernel_fails_with_the_cells) {
  auto run = good_run();
  run.file("screen/capture-end.txt", "Debian production kernel\nline two\n");
  const auto result = judge_one(run, "console.screen");
  BOOST_TEST((result.verdict == Verdict::fail));
  BOOST_TEST(says(result.details.at(0),
                  "row 0: screen \"Debian production kernel\", kernel \"capture kernel"));
}

BOOST_AUTO_TEST_CASE(glyphs_that_cannot_be_read_are_counted) {
  auto run = good_run();
  run.file("screen/capture-end.txt",
           "capture \xef\xbf\xbd"
           "ernel speaking\n");
  BOOST_TEST(numbers(judge_one(run, "console.screen"))["unreadable"] == 1);
}

BOOST_AUTO_TEST_CASE(an_unreadable_screen_in_production_makes_a_bad_one_inconclusive) {
  auto run = good_run();
  run.file("screen/capture-end.txt", "??\n");
  run.file("screen/production.txt", "??\n");
  BOOST_TEST((judge_one(run, "console.screen").verdict == Verdict::inconclusive));
  run.drop_file("screen/production.txt");
  BOOST_TEST((judge_one(run, "console.screen").verdict == Verdict::inconclusive));
  run.drop_file("screen/capture-end.txt");
  BOOST_TEST((judge_one(run, "console.screen").verdict == Verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(a_plan_without_a_screen_skips) {
  auto run = good_run();
  run.plan.devices.pop_back();
  run.plan.scenario.devices.pop_back();
  BOOST_TEST((judge_one(run, "console.screen").verdict == Verdict::skip));
}

BOOST_AUTO_TEST_CASE(keys_that_arrive_pass) {
  const auto result = judge_one(good_run(), "console.input");
  BOOST_TEST((result.verdict == Verdict::pass), result.reason);
  BOOST_TEST(says(result.reason, "\"qs\" arrived"));
}

BOOST_AUTO_TEST_CASE(keys_that_do_not_arrive_fail) {
  auto run = good_run();
  run.drop_events("key.received");
  BOOST_TEST(judge_one(run, "console.input").reason ==
             "of the keys \"qs\" none arrived on the console");
  run.event(35.4, "key.received", {{"text", "qx"}});
  BOOST_TEST((judge_one(run, "console.input").verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(keys_without_a_listener_and_keys_that_were_not_sent_are_inconclusive) {
  auto run = good_run();
  run.drop_events("key.received");
  run.drop_agent("keys");
  BOOST_TEST((judge_one(run, "console.input").verdict == Verdict::inconclusive));
  run.drop_events("key.sent");
  BOOST_TEST((judge_one(run, "console.input").verdict == Verdict::inconclusive));
  run.plan.devices.pop_back();
  BOOST_TEST((judge_one(run, "console.input").verdict == Verdict::skip));
}

// vesafb drew 1024x768x16 into a picture that was scanned out as 1280x800x32, and "it came back".
BOOST_AUTO_TEST_CASE(a_screen_that_nobody_can_read_has_not_come_back) {
  const auto sampled = [](std::uint64_t unreadable, int many) {
    auto run = good_run();
    run.drop_events("screen.sample");
    for (int i = 0; i < 29; ++i) {
      json sample{{"same_as_production", i < 10}, {"uniform", false}, {"taken_t", 11 + i}};
      if (i >= 10) sample.update({{"cells", 4191}, {"unreadable", i < 10 + many ? unreadable : 0}});
      run.event(11 + i, "screen.sample", sample);
    }
    return judge_one(run, "console.screen");
  };
  const auto garbled = sampled(2755, 5);
  BOOST_TEST((garbled.verdict == Verdict::fail), garbled.reason);
  BOOST_TEST(says(garbled.reason, "2755 of 4191 cells match no glyph"), garbled.reason);
  BOOST_TEST(says(garbled.reason, "it came back 14.5 to 15.5 s"), garbled.reason);
  // A boot logo, and a sample in the middle of a change of mode.
  BOOST_TEST((sampled(40, 5).verdict == Verdict::pass));
  BOOST_TEST((sampled(2755, 1).verdict == Verdict::pass));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
