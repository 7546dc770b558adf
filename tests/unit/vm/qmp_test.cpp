// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qmp.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/vm/peer.hpp"

BOOST_AUTO_TEST_SUITE(vm_qmp)

using namespace quiesce;
using nlohmann::json;
using vm::Qmp;
using vm::QmpReader;

namespace {

const char* const greeting =
    R"({"QMP": {"version": {"qemu": {"major": 7, "minor": 2, "micro": 22}}, "capabilities": []}})"
    "\r\n";

struct Fixture : vm::testing::WithPeer {
  std::vector<std::string> events;
  /// Command -> what is sent for it, with ID in the place of its id.
  std::map<std::string, std::string> answers{{"qmp_capabilities", R"({"return": {}, "id": ID})"}};
  std::vector<json> commands;

  Fixture() {
    peer.on_bytes = [this](std::string_view bytes) {
      const auto messages = reader_.feed(bytes).value();
      for (const auto& message : messages) answer(message);
    };
  }

  Result<std::unique_ptr<Qmp>> connect() {
    return Qmp::connect(
        loop, std::move(pair.mine),
        [this](const std::string& name, const json& data) {
          events.push_back(name + " " + data.dump());
        },
        in(5));
  }
  std::unique_ptr<Qmp> connected() {
    peer.say(greeting);
    return connect().value();
  }

 private:
  void answer(const json& message) {
    commands.push_back(message);
    const auto found = answers.find(message.value("execute", ""));
    if (found == answers.end()) return;
    std::string text = found->second;
    if (const auto at = text.find("ID"); at != std::string::npos)
      text.replace(at, 2, message.contains("id") ? message["id"].dump() : "null");
    if (text == "end")
      peer.end();
    else
      peer.say(text + "\r\n");
  }
  QmpReader reader_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_message_in_single_bytes_is_read) {
  QmpReader reader;
  std::vector<json> all;
  for (const char byte : std::string("{\"a\": 1}\r\n")) {
    auto messages = reader.feed(std::string_view(&byte, 1)).value();
    for (auto& message : messages) all.push_back(std::move(message));
  }
  BOOST_REQUIRE_EQUAL(all.size(), 1U);
  BOOST_TEST(all[0].dump() == R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(two_messages_and_a_half_in_one_read_are_two_messages) {
  QmpReader reader;
  BOOST_TEST(reader.feed("{\"a\":1}\n\r\n{\"b\":2}\n{\"c\"").value().size() == 2U);
  BOOST_TEST(reader.feed(":3}\n").value().at(0).dump() == R"({"c":3})");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_no_json_object_is_a_protocol_error) {
  for (const char* line : {"garbage\n", "[1]\n", "3\n", "{\"a\":\n", "{\"a\": \"\xff\"}\n"}) {
    QmpReader reader;
    const auto got = reader.feed(line);
    BOOST_REQUIRE_MESSAGE(!got, line);
    BOOST_TEST((got.error().code() == Errc::protocol));
  }
}

BOOST_AUTO_TEST_CASE(a_line_without_end_is_given_up) {
  QmpReader reader;
  const std::string piece(1U << 20, 'a');
  int pieces = 0;
  while (reader.feed(piece) && pieces < 100) ++pieces;
  BOOST_TEST(pieces == 16);
}

BOOST_FIXTURE_TEST_CASE(connecting_takes_the_greeting_and_negotiates, Fixture) {
  const auto qmp = connected();
  BOOST_TEST(qmp->qemu_version() == "7.2.22");
  BOOST_TEST(qmp->connected());
  BOOST_REQUIRE_EQUAL(commands.size(), 1U);
  BOOST_TEST(commands[0]["execute"] == "qmp_capabilities");
}

BOOST_FIXTURE_TEST_CASE(a_greeting_of_another_shape_gives_no_version, Fixture) {
  peer.say("{\"QMP\": [3]}\n");
  BOOST_TEST(connect().value()->qemu_version().empty());
}

BOOST_FIXTURE_TEST_CASE(no_greeting_is_a_timeout, Fixture) {
  const auto qmp = connect();
  BOOST_REQUIRE(!qmp);
  BOOST_TEST((qmp.error().code() == Errc::timeout));
}

BOOST_FIXTURE_TEST_CASE(an_end_of_file_in_the_place_of_the_greeting_is_closed, Fixture) {
  peer.end();
  const auto qmp = connect();
  BOOST_REQUIRE(!qmp);
  BOOST_TEST((qmp.error().code() == Errc::closed));
}

BOOST_FIXTURE_TEST_CASE(a_call_returns_what_qemu_returned, Fixture) {
  answers["query-status"] = R"({"return": {"running": true}, "id": ID})";
  const auto qmp = connected();
  const auto returned = qmp->call("query-status", {{"a", 1}}, in(5));
  BOOST_REQUIRE(returned);
  BOOST_TEST(returned->dump() == R"({"running":true})");
  BOOST_TEST(commands.back()["arguments"].dump() == R"({"a":1})");
}

BOOST_FIXTURE_TEST_CASE(qemus_own_error_is_unsupported_with_its_text, Fixture) {
  answers["device_del"] =
      R"({"error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}, "id": ID})";
  const auto qmp = connected();
  const auto returned = qmp->call("device_del", json::object(), in(5));
  BOOST_REQUIRE(!returned);
  BOOST_TEST((returned.error().code() == Errc::unsupported));
  BOOST_TEST(returned.error().describe().find("Device 'x' not found") != std::string::npos);
  BOOST_TEST(qmp->connected());
}

BOOST_FIXTURE_TEST_CASE(an_answer_without_return_is_a_protocol_error, Fixture) {
  answers["stop"] = R"({"error": 7, "id": ID})";
  const auto qmp = connected();
  const auto returned = qmp->call("stop", json::object(), in(5));
  BOOST_REQUIRE(!returned);
  BOOST_TEST((returned.error().code() == Errc::protocol));
}

BOOST_FIXTURE_TEST_CASE(events_before_an_answer_are_told_and_do_not_disturb_it, Fixture) {
  answers["stop"] =
      "{\"event\": \"STOP\", \"timestamp\": {}}\n"
      "{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": \"guest-reset\"}}\n"
      "{\"event\": 7, \"data\": [1]}\n"
      "{\"return\": {}, \"id\": \"of nobody\"}\n"
      "{\"return\": {}, \"id\": ID}";
  const auto qmp = connected();
  BOOST_TEST(qmp->call("stop", json::object(), in(5)).has_value());
  BOOST_TEST(events == (std::vector<std::string>{"STOP {}", "SHUTDOWN {\"reason\":\"guest-reset\"}",
                                                 " [1]"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_pending_call_fails_when_qemu_dies, Fixture) {
  answers["stop"] = "end";
  const auto qmp = connected();
  const auto returned = qmp->call("stop", json::object(), in(5));
  BOOST_REQUIRE(!returned);
  BOOST_TEST((returned.error().code() == Errc::closed));
  BOOST_TEST(returned.error().describe().find("stop") != std::string::npos);
  BOOST_TEST(!qmp->connected());
  BOOST_TEST((qmp->call("cont", json::object(), in(5)).error().code() == Errc::closed));
  BOOST_TEST((qmp->post("cont", json::object()).error().code() == Errc::closed));
  qmp->quit();  // harmless
}

BOOST_FIXTURE_TEST_CASE(garbage_ends_the_connection, Fixture) {
  answers["stop"] = "garbage";
  const auto qmp = connected();
  BOOST_TEST((qmp->call("stop", json::object(), in(5)).error().code() == Errc::protocol));
  BOOST_TEST(!qmp->connected());
}

BOOST_FIXTURE_TEST_CASE(silence_is_a_timeout_and_a_late_answer_is_nobody_elses, Fixture) {
  answers["cont"] = R"({"return": "mine", "id": ID})";
  const auto qmp = connected();
  BOOST_TEST((qmp->call("stop", json::object(), in(5)).error().code() == Errc::timeout));
  peer.say("{\"return\": \"late\", \"id\": " + commands.back()["id"].dump() + "}\n");
  BOOST_TEST(qmp->call("cont", json::object(), in(5)).value() == "mine");
}

BOOST_FIXTURE_TEST_CASE(stopping_the_loop_interrupts_a_call, Fixture) {
  const auto qmp = connected();
  const auto timer = loop.every(Seconds(1), [this] { loop.stop(); });
  BOOST_TEST((qmp->call("stop", json::object(), in(5)).error().code() == Errc::interrupted));
}

BOOST_FIXTURE_TEST_CASE(a_posted_command_does_not_wait, Fixture) {
  const auto qmp = connected();
  const TimePoint before = loop.now();
  BOOST_TEST(qmp->post("screendump", {{"filename", "f"}}).has_value());
  BOOST_TEST((loop.now() == before));
  settle();
  BOOST_TEST(commands.back()["execute"] == "screendump");
  BOOST_TEST(!commands.back().contains("id"));
}

BOOST_FIXTURE_TEST_CASE(the_monitor_returns_text_and_nothing_else, Fixture) {
  answers["human-monitor-command"] = R"({"return": "CPU#0\r\n", "id": ID})";
  const auto qmp = connected();
  BOOST_TEST(qmp->monitor("info registers", in(5)).value() == "CPU#0\r\n");
  BOOST_TEST(commands.back()["arguments"]["command-line"] == "info registers");
  answers["human-monitor-command"] = R"({"return": 7, "id": ID})";
  BOOST_TEST((qmp->monitor("info registers", in(5)).error().code() == Errc::protocol));
}

BOOST_AUTO_TEST_SUITE_END()
