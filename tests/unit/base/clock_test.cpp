// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/clock.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(base_clock)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(the_fake_clock_stands_still_until_it_is_idle) {
  FakeClock clock;
  const TimePoint start = clock.now();
  BOOST_TEST((clock.now() == start));
  clock.idle_until(start + Seconds(5));
  BOOST_TEST((clock.now() - start).count() == 5.0);
  BOOST_TEST(!clock.is_real());
}

BOOST_AUTO_TEST_CASE(the_fake_clock_does_not_go_back) {
  FakeClock clock;
  clock.idle_until(clock.now() + Seconds(5));
  const TimePoint later = clock.now();
  clock.idle_until(later - Seconds(1));
  BOOST_TEST((clock.now() == later));
}

BOOST_AUTO_TEST_CASE(the_system_clock_does_not_go_back_and_does_not_wait) {
  Clock& clock = system_clock();
  const TimePoint before = clock.now();
  clock.idle_until(before + Seconds(1e12));
  BOOST_TEST((clock.now() >= before));
  BOOST_TEST(clock.is_real());
  BOOST_TEST(&clock == &system_clock());
}

BOOST_AUTO_TEST_SUITE_END()
