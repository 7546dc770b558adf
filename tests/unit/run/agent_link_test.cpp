// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/agent_link.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(run_agent_link)

using namespace quiesce;
using nlohmann::json;
using run::AgentLink;

namespace {

struct Fixture {
  std::string sent;
  std::vector<std::string> noted;
  bool gone = false;
  AgentLink link{[this](std::string_view bytes) -> Result<void> {
                   if (gone) return fail(Errc::closed, "gone");
                   sent += bytes;
                   return {};
                 },
                 [this](const char* kind, std::uint32_t sequence, const json& payload) {
                   noted.push_back(fmt::format("{} {} {}", kind, sequence, payload.dump()));
                 }};

  void hear(wire::Kind kind, std::uint32_t sequence, const std::string& payload) {
    link.feed(wire::encode({.kind = kind, .sequence = sequence, .payload = payload}));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_request_is_numbered_noted_and_sent, Fixture) {
  BOOST_TEST(link.ask("describe", json::object()).value() == 1U);
  BOOST_TEST(link.ask("modules", {{"names", {"a"}}}).value() == 2U);
  BOOST_REQUIRE_EQUAL(noted.size(), 2U);
  BOOST_TEST(noted[1] == R"(request 2 {"names":["a"],"op":"modules"})");
  wire::Decoder decoder;
  decoder.feed(sent);
  wire::Frame frame;
  BOOST_REQUIRE(decoder.next(frame));
  BOOST_TEST((frame == wire::Frame{wire::Kind::request, 1, R"({"op":"describe"})"}));
}

BOOST_FIXTURE_TEST_CASE(a_request_that_cannot_be_sent_fails, Fixture) {
  gone = true;
  BOOST_TEST((link.ask("describe", json::object()).error().code() == Errc::closed));
}

BOOST_FIXTURE_TEST_CASE(answers_are_matched_by_number_in_any_order_and_taken_once, Fixture) {
  hear(wire::Kind::response, 2, R"({"op":"b"})");
  hear(wire::Kind::response, 1, R"({"op":"a"})");
  BOOST_TEST(link.answer(1).value()["op"] == "a");
  BOOST_TEST(link.answer(2).value()["op"] == "b");
  BOOST_TEST(!link.answer(1).has_value());
  BOOST_TEST(!link.answer(3).has_value());
}

// json's assignment takes its operand by value: the role once was read after the move.
BOOST_FIXTURE_TEST_CASE(a_hello_is_kept_under_its_role, Fixture) {
  hear(wire::Kind::event, 0, R"({"event":"hello","role":"production","release":"6.1"})");
  BOOST_TEST(link.hello("capture") == nullptr);
  BOOST_REQUIRE(link.hello("production") != nullptr);
  BOOST_TEST((*link.hello("production"))["release"] == "6.1");
  hear(wire::Kind::event, 0, R"({"event":"hello","role":"capture"})");
  BOOST_TEST(link.hello("capture") != nullptr);
  hear(wire::Kind::event, 0, R"({"event":"hello","role":"production","release":"6.2"})");
  BOOST_TEST((*link.hello("production"))["release"] == "6.2");
}

BOOST_FIXTURE_TEST_CASE(a_hello_without_a_role_is_nobodys, Fixture) {
  hear(wire::Kind::event, 0, R"({"event":"hello","role":7})");
  hear(wire::Kind::event, 0, R"({"event":7})");
  BOOST_TEST(link.hello("production") == nullptr);
  BOOST_TEST(noted.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(events_are_no_answers, Fixture) {
  hear(wire::Kind::event, 1, R"({"event":"log"})");
  BOOST_TEST(!link.answer(1).has_value());
  BOOST_TEST(noted.at(0) == R"(event 1 {"event":"log"})");
}

// A serial line that is not in raw mode echoes.
BOOST_FIXTURE_TEST_CASE(our_own_request_that_comes_back_is_no_answer, Fixture) {
  BOOST_REQUIRE(link.ask("describe", json::object()));
  link.feed(sent);
  BOOST_TEST(!link.answer(1).has_value());
  BOOST_TEST(noted.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(noise_around_a_frame_is_counted, Fixture) {
  link.feed("login: ");
  hear(wire::Kind::response, 1, "{}");
  link.feed("\r\n");
  hear(wire::Kind::response, 2, "{}");
  BOOST_TEST(link.noise() == 9U);
  BOOST_TEST(link.answer(2).has_value());
  BOOST_TEST(link.foreign_versions() == 0U);
}

BOOST_FIXTURE_TEST_CASE(payloads_that_are_no_object_are_passed_over, Fixture) {
  for (const char* payload : {"", "[1]", "3", "{", "{\"a\":\"\xff\"}"})
    hear(wire::Kind::response, 1, payload);
  BOOST_TEST(!link.answer(1).has_value());
  BOOST_TEST(noted.empty());
}

// nlohmann copies and writes by recursion.
BOOST_FIXTURE_TEST_CASE(a_payload_nested_without_end_is_passed_over, Fixture) {
  const std::size_t depth = 100'000;
  hear(wire::Kind::response, 1,
       R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}");
  BOOST_TEST(!link.answer(1).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
