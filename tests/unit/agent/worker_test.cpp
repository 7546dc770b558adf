// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/worker.hpp"

#include <boost/test/unit_test.hpp>
#include <latch>
#include <memory>

#include "tests/unit/agent/line.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

BOOST_AUTO_TEST_CASE(a_stack_is_told_by_its_innermost_calls_without_the_scheduler) {
  const char* stack =
      "[<0>] __schedule+0x34d/0x9e0\n[<0>] schedule_timeout+0x151/0x160\n"
      "[<0>] msleep+0x2d/0x40\n[<0>] e1000_probe+0x1f/0x300 [e1000e]\n"
      "[<0>] local_pci_probe+0x45/0xa0\n[<0>] do_syscall_64+0x58/0xc0\n"
      "[<0>] entry_SYSCALL_64_after_hwframe+0x64/0xce\n";
  BOOST_TEST(innermost_calls(stack) == "msleep < e1000_probe < local_pci_probe");
  BOOST_TEST(innermost_calls("") == "");
  BOOST_TEST(innermost_calls("[<0>] do_syscall_64+0x58/0xc0\n") == "");
  BOOST_TEST(innermost_calls("no stack at all") == "no stack at all");
}

BOOST_AUTO_TEST_CASE(what_comes_back_is_handed_on) {
  const Line line = open_line();
  const auto answer = carry_out(*line.link, "it", Seconds(3600), [] { return Json(7); });
  BOOST_REQUIRE(answer.has_value());
  BOOST_TEST(*answer == 7);
}

// A test of a device whose interface never came held up the tests of all others, the log and the
// end.
BOOST_AUTO_TEST_CASE(what_does_not_come_back_is_an_answer) {
  const Line line = open_line();
  auto release = std::make_shared<std::latch>(1);
  const auto answer =
      carry_out(*line.link, "the test of nic0", Seconds(0), [release]() -> Result<Json> {
        release->wait();
        return Json();
      });
  BOOST_REQUIRE(!answer.has_value());
  BOOST_TEST((answer.error().code() == Errc::timeout));
  BOOST_TEST(
      answer.error().message().find("the test of nic0 has not come back after 0 s; it ") == 0,
      answer.error().message());
  release->count_down();
}

BOOST_AUTO_TEST_SUITE_END()
