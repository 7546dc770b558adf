// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/scenario/console_level.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::scenario {

BOOST_AUTO_TEST_SUITE(scenario_console_level)

BOOST_AUTO_TEST_CASE(the_last_loglevel_of_the_command_line_counts) {
  BOOST_TEST(console_level_of("") == 7);
  BOOST_TEST(console_level_of("ro quiet") == 4);
  BOOST_TEST(console_level_of("quiet loglevel=8") == 8);
  BOOST_TEST(console_level_of("ignore_loglevel quiet") == 16);
  BOOST_TEST(console_level_of("debug") == 10);
  BOOST_TEST(console_level_of("loglevel=x") == 7);
  BOOST_TEST(console_level_of("loglevel=7 loglevel=3") == 3);
  BOOST_TEST(console_level_of("quietly x.quiet=1 unquiet") == 7);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::scenario
