// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/interruption.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/process.hpp"

BOOST_AUTO_TEST_SUITE(base_interruption)

using namespace quiesce;

namespace {

/// Holds SIGHUP back; what came meanwhile is gone with it.
struct Held {
  sigset_t hangup{};
  sigset_t before{};
  Held() {
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &hangup, &before);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    const timespec at_once{};
    while (::sigtimedwait(&hangup, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(there_is_nothing_to_watch_when_nothing_is_held_back) {
  BOOST_TEST(!interruption().value().has_value());
  BOOST_TEST(not_interrupted().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_signal_that_is_held_back_is_seen_again_and_again, Held) {
  const auto fd = interruption().value();
  BOOST_REQUIRE(fd.has_value());
  BOOST_TEST(read_some(fd->get()).value().empty());
  BOOST_TEST(not_interrupted().has_value());
  BOOST_REQUIRE_EQUAL(::raise(SIGHUP), 0);
  for (int i = 0; i < 2; ++i) {
    const auto seen = not_interrupted();
    BOOST_REQUIRE(!seen.has_value());
    BOOST_TEST((seen.error().code() == Errc::interrupted));
  }
  BOOST_TEST(!read_some(fd->get()).value().empty());
  BOOST_TEST(not_interrupted().has_value());
}

// Ctrl-C while a kernel was fetched killed the program, and what was half made stayed in the store.
BOOST_FIXTURE_TEST_CASE(a_program_that_is_captured_ends_with_an_interruption, Held) {
  BOOST_REQUIRE_EQUAL(::raise(SIGHUP), 0);
  const auto captured = capture({"sleep", "1000"}, Seconds(600));
  BOOST_REQUIRE(!captured.has_value());
  BOOST_TEST((captured.error().code() == Errc::interrupted));
}

BOOST_AUTO_TEST_SUITE_END()
