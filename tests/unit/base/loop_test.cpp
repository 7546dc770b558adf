// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/loop.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <optional>

#include "harness/base/fd.hpp"

BOOST_AUTO_TEST_SUITE(base_loop)

using namespace quiesce;

namespace {

/// A clock whose every look takes a second: time passes though nobody is idle.
class BusyClock final : public Clock {
 public:
  TimePoint now() const override { return now_ += Seconds(1); }
  void idle_until(TimePoint until) override { now_ = until; }
  bool is_real() const override { return false; }

 private:
  mutable TimePoint now_{};
};

struct Fixture {
  FakeClock clock;
  Loop loop{clock};
  SocketPair pair = socket_pair().value();
  int calls = 0;

  TimePoint in(double seconds) { return loop.now() + Seconds(seconds); }
  void say(std::string_view text) { BOOST_REQUIRE(write_all(pair.theirs.get(), text)); }
  std::string hear() { return read_some(pair.mine.get()).value_or("the end"); }
};

bool never() {
  return false;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_readable_descriptor_calls_its_callback, Fixture) {
  std::string heard;
  const auto watch = loop.on_readable(pair.mine.get(), [&] { heard += hear(); });
  say("hello");
  BOOST_TEST((loop.run_until([&] { return !heard.empty(); }, in(1)) == Waited::done));
  BOOST_TEST(heard == "hello");
}

BOOST_FIXTURE_TEST_CASE(the_end_of_a_stream_is_readable, Fixture) {
  std::string heard;
  const auto watch = loop.on_readable(pair.mine.get(), [&] { heard += hear(); });
  { const Fd gone = std::move(pair.theirs); }
  BOOST_TEST((loop.run_until([&] { return !heard.empty(); }, in(1)) == Waited::done));
  BOOST_TEST(heard == "the end");
}

BOOST_FIXTURE_TEST_CASE(a_condition_that_already_holds_waits_for_nothing, Fixture) {
  BOOST_TEST((loop.run_until([] { return true; }, in(-1)) == Waited::done));
}

BOOST_FIXTURE_TEST_CASE(the_deadline_ends_a_wait_and_no_sooner, Fixture) {
  const TimePoint start = loop.now();
  BOOST_TEST((loop.run_until(never, in(30)) == Waited::deadline));
  BOOST_TEST((loop.now() - start).count() == 30.0);
}

BOOST_FIXTURE_TEST_CASE(what_is_ready_at_the_deadline_is_still_handled, Fixture) {
  const auto watch = loop.on_readable(pair.mine.get(), [&] { hear(), ++calls; });
  say("late");
  BOOST_TEST((loop.run_until([&] { return calls > 0; }, in(-1)) == Waited::done));
}

BOOST_FIXTURE_TEST_CASE(a_timer_comes_after_each_period, Fixture) {
  std::vector<double> times;
  const TimePoint start = loop.now();
  const auto watch = loop.every(Seconds(2), [&] { times.push_back((loop.now() - start).count()); });
  BOOST_TEST((loop.run_until(never, in(7)) == Waited::deadline));
  BOOST_TEST(times == (std::vector<double>{2, 4, 6}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(late_calls_of_a_timer_are_not_made_up_for, Fixture) {
  const auto watch = loop.every(Seconds(1), [&] { ++calls; });
  clock.idle_until(in(10));
  loop.run_until(never, in(0.5));
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(timers_of_different_periods_come_in_their_order, Fixture) {
  std::string order;
  const auto slow = loop.every(Seconds(3), [&] { order += 'c'; });
  const auto fast = loop.every(Seconds(2), [&] { order += 'b'; });
  loop.run_until(never, in(5));
  BOOST_TEST(order == "bcb");
}

BOOST_FIXTURE_TEST_CASE(the_condition_is_looked_at_after_every_callback, Fixture) {
  const auto first = loop.every(Seconds(1), [&] { ++calls; });
  const auto second = loop.every(Seconds(1), [&] { ++calls; });
  loop.run_until([&] { return calls == 1; }, in(5));
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(a_destroyed_watch_calls_no_more, Fixture) {
  {
    const auto timer = loop.every(Seconds(1), [&] { ++calls; });
    const auto reader = loop.on_readable(pair.mine.get(), [&] { ++calls; });
  }
  say("nobody listens");
  loop.run_until(never, in(5));
  BOOST_TEST(calls == 0);
}

BOOST_FIXTURE_TEST_CASE(a_watch_may_be_destroyed_inside_its_own_callback, Fixture) {
  const auto witness = std::make_shared<int>(7);
  std::optional<Loop::Watch> reader;
  std::optional<Loop::Watch> timer;
  reader = loop.on_readable(pair.mine.get(), [&, witness] {
    reader.reset();
    calls += *witness;  // what the callback holds is still there
  });
  timer = loop.every(Seconds(1), [&, witness] {
    timer.reset();
    calls += *witness;
  });
  say("x");
  loop.run_until(never, in(5));
  BOOST_TEST(calls == 14);
  BOOST_TEST(witness.use_count() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_watch_destroyed_by_anothers_callback_is_not_called_in_the_same_round,
                        Fixture) {
  std::optional<Loop::Watch> first;
  std::optional<Loop::Watch> second;
  first = loop.on_readable(pair.mine.get(), [&] { second.reset(), hear(), ++calls; });
  second = loop.on_readable(pair.mine.get(), [&] { first.reset(), hear(), ++calls; });
  say("x");
  loop.run_until(never, in(1));
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(a_destroyed_watch_lets_go_of_what_its_callback_held, Fixture) {
  const auto held = std::make_shared<int>(1);
  {
    const auto watch = loop.every(Seconds(1), [held] {});
    BOOST_TEST(held.use_count() == 2);
  }
  BOOST_TEST(held.use_count() == 1);
}

BOOST_FIXTURE_TEST_CASE(a_watch_may_be_made_inside_a_callback, Fixture) {
  Loop::Watch inner;
  Loop::Watch outer;
  outer = loop.every(Seconds(1), [&] {
    outer = Loop::Watch();
    inner = loop.every(Seconds(1), [&] { ++calls; });
  });
  loop.run_until(never, in(3.5));
  BOOST_TEST(calls == 2);
}

BOOST_FIXTURE_TEST_CASE(a_moved_watch_goes_on_and_a_replaced_one_ends, Fixture) {
  int replaced = 0;
  Loop::Watch watch = loop.every(Seconds(1), [&] { ++replaced; });
  Loop::Watch other = loop.every(Seconds(1), [&] { ++calls; });
  watch = std::move(other);
  loop.run_until(never, in(2.5));
  BOOST_TEST(replaced == 0);
  BOOST_TEST(calls == 2);
}

// A descriptor that was registered already was an exception out of the library below.
BOOST_FIXTURE_TEST_CASE(a_descriptor_may_be_watched_anew_before_the_old_watch_ends, Fixture) {
  Loop::Watch watch = loop.on_readable(pair.mine.get(), [] { BOOST_ERROR("the old one"); });
  watch = loop.on_readable(pair.mine.get(), [&] { hear(), ++calls; });
  say("x");
  loop.run_until(never, in(1));
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(one_of_two_readers_that_finds_nothing_left_is_not_called, Fixture) {
  const auto read = [&] {
    ++calls;
    BOOST_TEST(!hear().empty());
  };
  const auto first = loop.on_readable(pair.mine.get(), read);
  const auto second = loop.on_readable(pair.mine.get(), read);
  say("x");
  loop.run_until(never, in(1));
  BOOST_TEST(calls == 1);
}

BOOST_FIXTURE_TEST_CASE(a_regular_file_is_always_readable, Fixture) {
  const auto file = memory_file("file", 10);
  const auto watch = loop.on_readable(file->get(), [&] { ++calls; });
  BOOST_TEST((loop.run_until([&] { return calls == 3; }, in(1)) == Waited::done));
}

// A guest that never stops talking kept the deadline from being looked at.
BOOST_FIXTURE_TEST_CASE(a_descriptor_that_is_always_readable_does_not_hide_the_deadline, Fixture) {
  BusyClock busy;
  Loop own(busy);
  const auto watch = own.on_readable(pair.mine.get(), [&] { ++calls; });
  say("never read");
  BOOST_TEST((own.run_until(never, own.now() + Seconds(20)) == Waited::deadline));
  BOOST_TEST(calls > 0);
}

// A timer whose callback takes longer than its period was due again before anything else.
BOOST_FIXTURE_TEST_CASE(a_timer_that_is_always_due_starves_neither_readers_nor_the_deadline,
                        Fixture) {
  BusyClock busy;
  Loop own(busy);
  int ticks = 0;
  const auto timer = own.every(Seconds(0), [&] { ++ticks; });
  const auto watch = own.on_readable(pair.mine.get(), [&] { hear(), ++calls; });
  say("x");
  BOOST_TEST((own.run_until(never, own.now() + Seconds(50)) == Waited::deadline));
  BOOST_TEST(calls == 1);
  BOOST_TEST(ticks > 1);
}

BOOST_FIXTURE_TEST_CASE(a_wait_inside_a_callback_does_not_enter_the_callback_again, Fixture) {
  int depth = 0;
  int deepest = 0;
  int others = 0;
  const auto other = loop.every(Seconds(1), [&] { ++others; });
  const auto watch = loop.every(Seconds(1), [&] {
    deepest = std::max(deepest, ++depth);
    loop.run_until(never, in(3));
    --depth;
  });
  loop.run_until(never, in(4));
  BOOST_TEST(deepest == 1);
  BOOST_TEST(others >= 3);
}

BOOST_FIXTURE_TEST_CASE(stop_ends_this_wait_and_later_ones_until_resumed, Fixture) {
  const auto watch = loop.every(Seconds(1), [&] { ++calls, loop.stop(); });
  BOOST_TEST((loop.run_until(never, in(9)) == Waited::stopped));
  BOOST_TEST((loop.run_until([] { return true; }, in(9)) == Waited::stopped));
  BOOST_TEST(calls == 1);
  loop.resume();
  BOOST_TEST((loop.run_until([] { return true; }, in(9)) == Waited::done));
}

BOOST_FIXTURE_TEST_CASE(a_watch_may_outlive_its_loop, Fixture) {
  Loop::Watch timer;
  Loop::Watch reader;
  {
    Loop shorter(clock);
    timer = shorter.every(Seconds(1), [] {});
    reader = shorter.on_readable(pair.mine.get(), [] {});
  }
}

BOOST_FIXTURE_TEST_CASE(a_closed_descriptor_calls_back_instead_of_hanging, Fixture) {
  const int raw = ::dup(pair.mine.get());
  std::optional<Loop::Watch> watch;
  watch = loop.on_readable(raw, [&] { ++calls, watch.reset(); });
  ::close(raw);
  loop.run_until(never, in(1));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(with_the_real_clock_a_wait_ends_by_its_deadline_without_descriptors) {
  Loop loop;
  const TimePoint start = loop.now();
  BOOST_TEST((loop.run_until(never, start + Seconds(0.02)) == Waited::deadline));
  BOOST_TEST((loop.now() - start).count() >= 0.02);
}

// The farthest deadline was an overflow when it became microseconds.
BOOST_FIXTURE_TEST_CASE(with_the_real_clock_a_deadline_may_be_as_far_as_can_be, Fixture) {
  Loop real;
  const auto timer = real.every(Seconds(0.01), [&] { say("x"); });
  const auto watch = real.on_readable(pair.mine.get(), [&] { hear(), ++calls; });
  BOOST_TEST((real.run_until([&] { return calls == 2; }, TimePoint::max()) == Waited::done));
}

BOOST_AUTO_TEST_SUITE_END()
