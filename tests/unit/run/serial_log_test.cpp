// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/serial_log.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

BOOST_AUTO_TEST_SUITE(run_serial_log)

using quiesce::run::landmark;
using quiesce::run::SerialLog;
using Texts = std::vector<std::string>;

namespace {

struct Fixture {
  Texts lines;
  SerialLog log{[this](const std::string& line) { lines.push_back(line); }};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(lines_are_cut_in_any_pieces, Fixture) {
  for (const char byte : std::string("one\r\ntwo\r\nthr")) log.feed(std::string_view(&byte, 1));
  BOOST_TEST(lines == (Texts{"one", "two"}), boost::test_tools::per_element());
  log.feed("ee\n4\n");
  BOOST_TEST(lines == (Texts{"one", "two", "three", "4"}), boost::test_tools::per_element());
  BOOST_TEST(log.bytes() == 18U);
}

BOOST_FIXTURE_TEST_CASE(a_line_without_an_end_is_given_out_by_flush_once, Fixture) {
  log.feed("half a line");
  BOOST_TEST(lines.empty());
  log.flush();
  log.flush();
  BOOST_TEST(lines == Texts{"half a line"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_endless_line_is_given_out_in_pieces, Fixture) {
  for (int i = 0; i < 100; ++i) log.feed(std::string(1000, 'x'));
  BOOST_TEST(lines.size() > 3U);
  for (const auto& line : lines) BOOST_TEST(line.size() < 20'000U);
}

BOOST_FIXTURE_TEST_CASE(firmwares_escape_sequences_and_bytes_that_are_no_text_are_put_right,
                        Fixture) {
  log.feed("\x1b[2J\x1b[01;01HSeaBIOS\xff\x07\n");
  BOOST_TEST(lines == Texts{"SeaBIOS\xef\xbf\xbd"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(landmarks_are_known) {
  BOOST_TEST(landmark("[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@...)") ==
             "kernel-start");
  BOOST_TEST(landmark("[   12.3] Kernel panic - not syncing: sysrq triggered crash") == "panic");
  BOOST_TEST(landmark("[   12.3] Kernel panic - not syncing: Attempted to kill init! exitcode=0") ==
             "init-killed");
  BOOST_TEST(landmark("[   20.1] sysrq: HELP : loglevel(0-9) reboot(b) crash(c)") == "sysrq-help");
  BOOST_TEST(landmark("[   20.1] sysrq: Trigger a crash").empty());
  BOOST_TEST(landmark("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
