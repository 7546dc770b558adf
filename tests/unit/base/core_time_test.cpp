// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/core_time.hpp"

#include <sched.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "harness/base/clock.hpp"

namespace quiesce::test {

/// Not every kernel counts (CONFIG_SCHED_INFO).
BOOST_AUTO_TEST_SUITE(base_core_time,
                      *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                        return ::access("/proc/self/schedstat", R_OK) == 0;
                      }))

namespace {

/// Uses a processor for so long.
void work(Seconds time) {
  const auto until = system_clock().now() + time;
  while (system_clock().now() < until) {
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_threads_had_is_counted_also_after_their_end) {
  CoreClock clock(::getpid());
  const auto before = clock.read();
  BOOST_REQUIRE(before.has_value());
  double with = 0;
  std::thread other([&] {
    work(Seconds(0.2));
    with = clock.read().value_or(CoreTime{}).had_s;
  });
  other.join();
  BOOST_TEST(with > before->had_s);
  const auto after = clock.read();
  BOOST_REQUIRE(after.has_value());
  BOOST_TEST(after->had_s >= with);
  BOOST_TEST(after->waited_s >= before->waited_s);
}

BOOST_AUTO_TEST_CASE(threads_that_share_a_processor_wait_for_it) {
  CoreClock clock(::getpid());
  const auto before = clock.read();
  BOOST_REQUIRE(before.has_value());
  cpu_set_t all;
  cpu_set_t one;
  CPU_ZERO(&one);
  BOOST_REQUIRE(::sched_getaffinity(0, sizeof all, &all) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  BOOST_REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  std::thread other([] { work(Seconds(0.3)); });
  work(Seconds(0.3));
  other.join();
  BOOST_REQUIRE(::sched_setaffinity(0, sizeof all, &all) == 0);
  const auto after = clock.read();
  BOOST_REQUIRE(after.has_value());
  // Each waited while the other ran: as long as they ran, but for the begin and the end.
  BOOST_TEST(after->waited_s - before->waited_s > (after->had_s - before->had_s) / 4);
}

BOOST_AUTO_TEST_CASE(of_a_process_that_is_gone_nothing_is_told) {
  // Beyond the largest number that Linux gives (kernel.pid_max, at most 2^22).
  BOOST_TEST(!CoreClock(1 << 23).read().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::test
