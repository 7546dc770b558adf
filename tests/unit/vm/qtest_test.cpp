// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qtest.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

#include "tests/unit/vm/peer.hpp"

BOOST_AUTO_TEST_SUITE(vm_qtest)

using namespace quiesce;
using vm::Qtest;

namespace {

struct Fixture : vm::testing::WithPeer {
  /// Line -> what is sent for it; nothing for others.
  std::map<std::string, std::string> answers;
  Qtest qtest{loop, std::move(pair.mine)};

  Fixture() {
    peer.on_bytes = [this](std::string_view bytes) {
      const auto found = answers.find(std::string(bytes));
      if (found == answers.end()) return;
      if (found->second == "end") return peer.end();
      peer.say(found->second);
    };
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(ports_are_read_and_written, Fixture) {
  answers["inl 0xcfc\n"] = "OK 0x29c08086\n";
  answers["outl 0xcf8 0x80000000\n"] = "OK\n";
  BOOST_TEST(qtest.out32(0xcf8, 0x80000000).has_value());
  BOOST_TEST(qtest.in32(0xcfc).value() == 0x29c08086U);
}

BOOST_FIXTURE_TEST_CASE(memory_is_read_and_written, Fixture) {
  answers["readl 0xfe000000\n"] = "OK 0x00000000deadbeef\n";
  answers["writel 0xfe000000 0x1\n"] = "OK\n";
  answers["read 0x1000 0x3\n"] = "OK 0x01fe7f\n";
  BOOST_TEST(qtest.read32({0xfe000000}).value() == 0xdeadbeefU);
  BOOST_TEST(qtest.write32({0xfe000000}, 1).has_value());
  const auto bytes = qtest.read({0x1000}, 3).value();
  BOOST_REQUIRE_EQUAL(bytes.size(), 3U);
  BOOST_TEST((bytes[1] == std::byte{0xfe}));
}

BOOST_FIXTURE_TEST_CASE(interrupt_lines_in_between_are_passed_over, Fixture) {
  answers["inl 0xcfc\n"] = "IRQ raise 4\nIRQ lower 4\nOK 0x1\n";
  BOOST_TEST(qtest.in32(0xcfc).value() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_is_a_protocol_error_with_its_text, Fixture) {
  answers["inl 0xcfc\n"] = "FAIL Unknown command\n";
  const auto value = qtest.in32(0xcfc);
  BOOST_REQUIRE(!value);
  BOOST_TEST((value.error().code() == Errc::protocol));
  BOOST_TEST(value.error().describe().find("Unknown command") != std::string::npos);
}

// They were called invalid input, which is what the user is told to put right.
BOOST_FIXTURE_TEST_CASE(values_that_are_none_are_protocol_errors, Fixture) {
  for (const char* reply : {"OK\n", "OK zzz\n", "OK 0x100000000\n"}) {
    answers["inl 0xcfc\n"] = reply;
    BOOST_TEST((qtest.in32(0xcfc).error().code() == Errc::protocol));
  }
  for (const char* reply : {"OK 0x01\n", "OK 0102\n", "OK 0x01zz\n", "OK 0x010\n", "OK\n"}) {
    answers["read 0x1000 0x2\n"] = reply;
    BOOST_TEST((qtest.read({0x1000}, 2).error().code() == Errc::protocol));
  }
}

BOOST_FIXTURE_TEST_CASE(a_pending_command_fails_when_qemu_dies, Fixture) {
  answers["inl 0xcfc\n"] = "end";
  BOOST_TEST((qtest.in32(0xcfc).error().code() == Errc::closed));
  BOOST_TEST((qtest.in32(0xcfc).error().code() == Errc::closed));
}

BOOST_FIXTURE_TEST_CASE(an_endless_answer_is_a_protocol_error, Fixture) {
  peer.on_bytes = [this](std::string_view) {
    // In pieces: a socket takes less than that at once. Just beyond 4 MiB: then nobody reads any
    // more.
    for (int i = 0; i < 85; ++i) {
      peer.say(std::string(50'000, 'a'));
      loop.run_until([] { return false; }, loop.now());
    }
  };
  BOOST_TEST((qtest.in32(0xcfc).error().code() == Errc::protocol));
}

// The answer to a command that was given up was taken for the next one's, and so for ever after.
BOOST_FIXTURE_TEST_CASE(a_late_answer_is_not_taken_for_the_next_commands, Fixture) {
  answers["inl 0xcfc\n"] = "OK 0x1\nOK 0x2\n";
  BOOST_TEST((qtest.in32(0x1234).error().code() == Errc::timeout));
  BOOST_TEST(qtest.in32(0xcfc).value() == 2U);
  answers["inl 0xcfc\n"] = "OK 0x3\n";
  BOOST_TEST(qtest.in32(0xcfc).value() == 3U);
}

BOOST_FIXTURE_TEST_CASE(stopping_the_loop_interrupts_a_command, Fixture) {
  const auto timer = loop.every(Seconds(1), [this] { loop.stop(); });
  BOOST_TEST((qtest.in32(0xcfc).error().code() == Errc::interrupted));
}

BOOST_AUTO_TEST_SUITE_END()
