// SPDX-License-Identifier: GPL-2.0-or-later
// The agent's end of the wire, over a pseudo terminal.
#include "vm-images/agent/link.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/agent/line.hpp"

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

namespace {

wire::Frame sent(const Line& line) {
  wire::Decoder decoder;
  wire::Frame frame;
  const auto bytes = read_some(line.master.get());
  BOOST_REQUIRE(bytes.has_value());
  decoder.feed(*bytes);
  BOOST_REQUIRE(decoder.next(frame));
  return frame;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_comes_through_the_line_byte_by_byte) {
  Line line = open_line();
  // Bytes that a terminal that is not raw would eat or answer: ^C, ^D, ^S, CR, LF.
  const wire::Frame request{.kind = wire::Kind::request,
                            .sequence = 0x030d0a13,
                            .payload = "{\"op\":\"\x03\x04\x13\r\n\x11\"}"};
  BOOST_REQUIRE(write_all(line.master.get(), wire::encode(request)).has_value());
  wire::Frame frame;
  BOOST_REQUIRE(line.link->receive(frame, Seconds(5)));
  BOOST_TEST((frame == request));
  BOOST_TEST(read_some(line.master.get()).value().empty());  // no echo
}

BOOST_AUTO_TEST_CASE(a_response_carries_the_sequence_number_of_its_request) {
  Line line = open_line();
  line.link->respond(77, "pci", Json{{"functions", Json::array()}});
  const wire::Frame frame = sent(line);
  BOOST_TEST((frame.kind == wire::Kind::response));
  BOOST_TEST(frame.sequence == 77U);
  const Json payload = Json::parse(frame.payload);
  BOOST_TEST(payload["op"] == "pci");
  BOOST_TEST(payload["guest"].is_number());
}

BOOST_AUTO_TEST_CASE(a_failure_is_a_response_with_an_error) {
  Line line = open_line();
  line.link->respond(1, "pci", fail(Errc::invalid_input, "why"));
  const Json payload = Json::parse(sent(line).payload);
  BOOST_TEST(payload["error"]["code"] == "bad-request");
  BOOST_TEST(payload["error"]["message"] == "why");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf8_does_not_end_the_agent) {
  Line line = open_line();
  line.link->log("bad \xff byte");
  BOOST_TEST(Json::parse(sent(line).payload)["message"] == "bad \ufffd byte");
}

BOOST_AUTO_TEST_CASE(a_message_too_long_for_a_frame_becomes_an_error) {
  Line line = open_line();
  line.link->respond(2, "pci", Json{{"x", std::string(wire::longest_payload, 'x')}});
  const Json payload = Json::parse(sent(line).payload);
  BOOST_TEST(payload["error"]["code"] == "too-long");
  BOOST_TEST(payload["op"] == "pci");
}

BOOST_AUTO_TEST_CASE(sending_to_a_line_without_peer_fails_in_silence) {
  Line line = open_line();
  line.master = Fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC));
  line.link->log("is anybody there?");
  wire::Frame frame;
  BOOST_TEST(!line.link->receive(frame, Seconds(0.01)));
}

BOOST_AUTO_TEST_SUITE_END()
