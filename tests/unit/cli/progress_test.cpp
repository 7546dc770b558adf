// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/progress.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/text.hpp"

BOOST_AUTO_TEST_SUITE(cli_progress)

using namespace quiesce;
using cli::fit;
using cli::progress_line;

BOOST_AUTO_TEST_CASE(a_line_says_time_phase_of_how_many_and_what_is_waited_for) {
  BOOST_TEST(progress_line({.seconds = 12.34,
                            .turn = {},
                            .title = "first-run",
                            .phase = "capture",
                            .note = "observing without drivers"}) ==
             "  12.3 s  first-run: phase 6 of 8, capture: observing without drivers");
}

BOOST_AUTO_TEST_CASE(a_phase_without_a_note_says_what_it_is_for) {
  BOOST_TEST(progress_line({.seconds = 0, .turn = {}, .title = "x", .phase = "boot", .note = ""}) ==
             "   0.0 s  x: phase 2 of 8, boot: the production kernel boots");
}

BOOST_AUTO_TEST_CASE(one_of_several_runs_says_which) {
  BOOST_TEST(progress_line(
                 {.seconds = 1, .turn = {3, 12}, .title = "x/cpus=1", .phase = "judge", .note = ""})
                 .starts_with("   1.0 s  run 3 of 12, x/cpus=1: phase 8 of 8, judge: "));
}

BOOST_AUTO_TEST_CASE(a_phase_of_tomorrow_is_shown_without_a_number) {
  BOOST_TEST(
      progress_line({.seconds = 1, .turn = {}, .title = "x", .phase = "thaw", .note = "a"}) ==
      "   1.0 s  x: thaw: a");
}

// "phase 1 of 8" up to four times, of phases that do not exist.
BOOST_AUTO_TEST_CASE(boots_without_a_crash_are_counted_and_phases_are_not) {
  const auto line = [](int boot, const char* phase) {
    return progress_line({.seconds = 1,
                          .turn = {},
                          .title = "x",
                          .phase = phase,
                          .note = "",
                          .most_boots = 4,
                          .boot = boot});
  };
  BOOST_TEST(line(0, "asking QEMU") == "   1.0 s  x: asking QEMU");
  BOOST_TEST(line(2, "images") ==
             "   1.0 s  x: boot 2 of at most 4, images: kernels and boot images");
  BOOST_TEST(line(2, "survey") ==
             "   1.0 s  x: boot 2 of at most 4, survey: what drivers make of the device");
}

BOOST_AUTO_TEST_CASE(what_would_break_the_line_is_gone) {
  BOOST_TEST(
      progress_line(
          {.seconds = 1, .turn = {}, .title = "a\nb", .phase = "boot", .note = "\x1b[2Jc\td\r"}) ==
      "   1.0 s  a b: phase 2 of 8, boot: c d");
}

BOOST_AUTO_TEST_CASE(what_fits_stays_and_what_does_not_is_cut_to_the_column) {
  BOOST_TEST(fit("12345", 5) == "12345");
  BOOST_TEST(fit("123456", 5) == "12...");
  BOOST_TEST(fit("123456", 3) == "123");
  BOOST_TEST(fit("123456", 0).empty());
}

BOOST_AUTO_TEST_CASE(characters_are_cut_whole_and_wide_ones_count_twice) {
  // Six columns, nine bytes.
  BOOST_TEST(fit("\u00e4\u00f6\u00fcabc", 6) == "\u00e4\u00f6\u00fcabc");
  BOOST_TEST(fit("\u00e4\u00f6\u00fcabc", 5) == "\u00e4\u00f6...");
  BOOST_TEST(fit("\u4e2d\u6587\u5b57", 6) == "\u4e2d\u6587\u5b57");
  BOOST_TEST(fit("\u4e2d\u6587\u5b57", 5) == "\u4e2d...");
  for (std::size_t columns = 0; columns < 12; ++columns) {
    const std::string cut = fit("\u00e4\u4e2d\U0001F600abc\u4e2d", columns);
    BOOST_TEST(printable(cut) == cut);
  }
}

BOOST_AUTO_TEST_SUITE_END()
