// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/metronome.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

BOOST_AUTO_TEST_SUITE(models_metronome)

using namespace quiesce;
using models::Metronome;

namespace {

struct Fixture {
  FakeClock clock;
  Loop loop{clock};
  Metronome metronome;
  std::vector<double> ticks;

  void start(double period) {
    metronome.start(loop, Seconds(period), [this] { ticks.push_back(now()); });
  }
  double now() const { return loop.now().time_since_epoch().count(); }
  void pass(double seconds) {
    loop.run_until([] { return false; }, loop.now() + Seconds(seconds));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(it_ticks_after_each_period_until_it_is_stopped, Fixture) {
  start(2);
  pass(7);
  metronome.stop();
  pass(10);
  BOOST_TEST(ticks == (std::vector<double>{2, 4, 6}), boost::test_tools::per_element());
}

// A timer that merely did nothing while held came a whole period later, or two.
BOOST_FIXTURE_TEST_CASE(time_in_which_it_is_held_does_not_pass_for_it, Fixture) {
  start(4);
  pass(3);
  metronome.hold(true);
  pass(100);
  BOOST_TEST(ticks.empty());
  metronome.hold(false);
  pass(5.5);
  BOOST_TEST(ticks == (std::vector<double>{104, 108}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(started_while_held_it_waits_a_period_from_its_release, Fixture) {
  metronome.hold(true);
  start(4);
  pass(50);
  metronome.hold(false);
  pass(4);
  BOOST_TEST(ticks == std::vector<double>{54}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(stopped_while_held_it_stays_so, Fixture) {
  start(4);
  metronome.hold(true);
  metronome.stop();
  metronome.hold(false);
  pass(50);
  BOOST_TEST(ticks.empty());
}

BOOST_FIXTURE_TEST_CASE(held_twice_in_one_period_it_keeps_what_was_left, Fixture) {
  start(10);
  for (int i = 0; i < 3; ++i) {
    pass(3);
    metronome.hold(true);
    metronome.hold(true);
    pass(100);
    metronome.hold(false);
    metronome.hold(false);
  }
  pass(1.5);
  BOOST_TEST(ticks == std::vector<double>{310}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_tick_may_stop_it_or_start_it_anew, Fixture) {
  metronome.start(loop, Seconds(1), [this] {
    ticks.push_back(now());
    start(5);
  });
  pass(7);
  metronome.start(loop, Seconds(1), [this] {
    ticks.push_back(now());
    metronome.stop();
  });
  pass(20);
  BOOST_TEST(ticks == (std::vector<double>{1, 6, 8}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
