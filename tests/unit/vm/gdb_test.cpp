// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/gdb.hpp"

#include <boost/test/unit_test.hpp>
#include <map>

#include "tests/unit/vm/peer.hpp"

BOOST_AUTO_TEST_SUITE(vm_gdb)

using namespace quiesce;
using vm::Gdb;
using vm::gdb_packet;
using vm::GdbReader;

namespace {

/// A stub that answers by a table; "end" closes.
struct Fixture : vm::testing::WithPeer {
  std::map<std::string, std::vector<std::string>> answers{
      {"?", {"T05thread:01;"}}, {"qAttached", {"1"}}, {"Z1,ffffffff81000000,1", {"OK"}}};
  std::vector<std::string> asked;

  Fixture() {
    peer.on_bytes = [this](std::string_view bytes) {
      for (const auto& packet : reader_.feed(bytes)) answer(packet.body);
    };
  }

  Result<std::unique_ptr<Gdb>> connect() { return Gdb::connect(loop, std::move(pair.mine), in(5)); }
  void say(std::string_view body) { peer.say(gdb_packet(body)); }

 private:
  void answer(const std::string& body) {
    asked.push_back(body);
    peer.say("+");
    for (const auto& text : answers[body]) {
      if (text == "end") return peer.end();
      say(text);
    }
  }
  GdbReader reader_;
};

constexpr GuestVirt place{0xffffffff81000000};

}  // namespace

BOOST_AUTO_TEST_CASE(a_packet_carries_its_sum) {
  BOOST_TEST(gdb_packet("OK") == "$OK#9a");
  BOOST_TEST(gdb_packet("") == "$#00");
}

BOOST_AUTO_TEST_CASE(packets_are_read_in_any_pieces) {
  const std::string bytes = "+" + gdb_packet("OK") + "+-+" + gdb_packet("T05thread:01;") + "+";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    GdbReader reader;
    std::vector<std::string> bodies;
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      for (const auto& packet : reader.feed(std::string_view(bytes).substr(at, piece))) {
        BOOST_TEST(packet.checksum_ok);
        bodies.push_back(packet.body);
      }
    BOOST_TEST(bodies == (std::vector<std::string>{"OK", "T05thread:01;"}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(run_length_encoding_is_undone) {
  const auto body = [](const std::string& encoded) {
    GdbReader reader;
    return reader.feed(gdb_packet(encoded)).at(0).body;
  };
  BOOST_TEST(body("0* ") == "0000");
  BOOST_TEST(body("x0*\"y") == "x000000y");
  // Nothing to repeat, or nothing that says how often: as it stands.
  BOOST_TEST(body("* ") == "* ");
  BOOST_TEST(body("0*") == "0*");
  BOOST_TEST(body("0*\x1f") == "0*\x1f");
}

BOOST_AUTO_TEST_CASE(a_wrong_checksum_is_told) {
  GdbReader reader;
  const auto packets = reader.feed("$OK#9b$OK#zz$OK#9a");
  BOOST_REQUIRE_EQUAL(packets.size(), 3U);
  BOOST_TEST(!packets[0].checksum_ok);
  BOOST_TEST(!packets[1].checksum_ok);
  BOOST_TEST(packets[2].checksum_ok);
}

BOOST_AUTO_TEST_CASE(an_endless_packet_is_given_up) {
  GdbReader reader;
  BOOST_TEST(reader.feed("$" + std::string(2U << 20, 'a')).empty());
  BOOST_TEST(reader.feed("#00").empty());
  BOOST_TEST(reader.feed(gdb_packet("OK")).size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(connecting_finds_a_stopped_machine, Fixture) {
  const auto gdb = connect().value();
  BOOST_TEST(gdb->connected());
  BOOST_TEST(!gdb->stopped().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_stub_that_answers_nonsense_to_the_first_question_times_out, Fixture) {
  answers["?"] = {"E01"};
  BOOST_TEST((connect().error().code() == Errc::timeout));
}

BOOST_FIXTURE_TEST_CASE(a_stop_reply_nobody_asked_for_is_no_stop_after_go, Fixture) {
  answers["?"] = {"T05thread:01;", "T05thread:01;", "T02thread:01;"};
  const auto gdb = connect().value();
  BOOST_TEST(gdb->go().has_value());
  settle();
  BOOST_TEST(asked.back() == "c");
  BOOST_TEST(!gdb->stopped().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_breakpoint_is_set_and_refusals_say_where, Fixture) {
  const auto gdb = connect().value();
  BOOST_TEST(gdb->set_breakpoint(place, in(5)).has_value());
  answers["Z1,ffffffff81000000,1"] = {"E01"};
  const auto refused = gdb->set_breakpoint(place, in(5));
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code() == Errc::unsupported));
  BOOST_TEST(refused.error().describe().find("0xffffffff81000000") != std::string::npos);
  answers["z1,ffffffff81000000,1"] = {""};
  BOOST_TEST((gdb->clear_breakpoint(place, in(5)).error().code() == Errc::protocol));
}

BOOST_FIXTURE_TEST_CASE(a_stop_after_go_is_kept_until_the_next_go, Fixture) {
  const auto gdb = connect().value();
  answers["c"] = {"T05thread:02;"};
  BOOST_TEST(gdb->go().has_value());
  settle();
  BOOST_TEST(gdb->stopped().value_or("") == "T05thread:02;");
  BOOST_TEST(gdb->at_breakpoint());
  answers["c"] = {};
  BOOST_TEST(gdb->go().has_value());
  settle();
  BOOST_TEST(!gdb->stopped().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_stop_by_qmp_or_by_a_reset_is_no_breakpoint, Fixture) {
  const auto gdb = connect().value();
  for (const char* reply : {"T02thread:01;", "T03thread:01;", "S05", "W00"}) {
    BOOST_TEST(gdb->go().has_value());
    say(reply);
    settle();
    BOOST_TEST(gdb->stopped().value_or("") == reply);
    BOOST_TEST(!gdb->at_breakpoint());
  }
}

BOOST_FIXTURE_TEST_CASE(a_stop_reply_is_not_taken_for_an_answer, Fixture) {
  const auto gdb = connect().value();
  answers["Z1,ffffffff81000000,1"] = {"T02thread:01;", "OK"};
  BOOST_TEST(gdb->set_breakpoint(place, in(5)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_damaged_packet_is_asked_for_again, Fixture) {
  const auto gdb = connect().value();
  BOOST_TEST(gdb->go().has_value());
  settle();
  peer.heard.clear();
  peer.say("$T05thread:01;#00");
  settle();
  BOOST_TEST(peer.heard == "-");
  BOOST_TEST(!gdb->stopped().has_value());
  say("T05thread:01;");
  settle();
  BOOST_TEST(gdb->stopped().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_pending_question_fails_when_qemu_dies, Fixture) {
  const auto gdb = connect().value();
  answers["Z1,ffffffff81000000,1"] = {"end"};
  BOOST_TEST((gdb->set_breakpoint(place, in(5)).error().code() == Errc::closed));
  BOOST_TEST(!gdb->connected());
  BOOST_TEST((gdb->go().error().code() == Errc::closed));
}

BOOST_FIXTURE_TEST_CASE(silence_is_a_timeout_and_stopping_the_loop_an_interruption, Fixture) {
  const auto gdb = connect().value();
  answers["Z1,ffffffff81000000,1"] = {};
  BOOST_TEST((gdb->set_breakpoint(place, in(5)).error().code() == Errc::timeout));
  const auto timer = loop.every(Seconds(1), [this] { loop.stop(); });
  BOOST_TEST((gdb->set_breakpoint(place, in(5)).error().code() == Errc::interrupted));
}

BOOST_AUTO_TEST_SUITE_END()
