// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/text.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/checks/run_builder.hpp"

namespace quiesce::test {

BOOST_AUTO_TEST_SUITE(reports_text)

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_text_is_aligned_and_free_of_escapes_without_colour) {
  auto run = good_run();
  run.stray(35, 35.5, 0x777000, "net0");
  run.serial(30, "[   12.000000] \x1b[31mnvme nvme0: timeout\x07");
  const auto result = checks::judge(run.run());
  const std::string text = reports::render_text(result, false);
  BOOST_TEST(text.find('\x1b') == std::string::npos);
  BOOST_TEST(text.find('\x07') == std::string::npos);
  BOOST_TEST(says(text, "FAIL  first-run  (6.1.0-56-amd64, tcg, 41.0 s, unsealed)\n"), text);
  BOOST_TEST(says(text, "\n  FAIL  dma.stopped      net0 wrote 1 page"), text);
  BOOST_TEST(says(text, "\n  pass  capture.entered  userspace 11.5 s"), text);
  BOOST_TEST(reports::render_text(result, true).find('\x1b') != std::string::npos);
}

BOOST_AUTO_TEST_CASE(details_of_a_check_that_passed_are_shown_when_asked_for) {
  const auto result = checks::judge(good_run().run());
  BOOST_TEST(!says(reports::render_text(result, false), "control: net0: 12 tagged pages"));
  BOOST_TEST(says(reports::render_text(result, false, true), "control: net0: 12 tagged pages"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
