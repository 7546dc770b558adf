// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wire/frame.hpp"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "harness/base/text.hpp"

BOOST_AUTO_TEST_SUITE(wire)

namespace {

using quiesce::wire::Decoder;
using quiesce::wire::encode;
using quiesce::wire::Frame;
using quiesce::wire::Kind;

const Frame request{.kind = Kind::request, .sequence = 7, .payload = R"({"op":"describe"})"};
const Frame hello{.kind = Kind::event, .sequence = 0, .payload = R"({"event":"hello"})"};

std::vector<Frame> drain(Decoder& decoder) {
  std::vector<Frame> frames;
  for (Frame frame; decoder.next(frame);) frames.push_back(frame);
  return frames;
}

std::vector<Frame> decode(std::string_view bytes) {
  Decoder decoder;
  decoder.feed(bytes);
  return drain(decoder);
}

void put_checksum(std::string& bytes, std::size_t at, std::size_t from, std::size_t length) {
  const auto checked = std::string_view(bytes).substr(from, length);
  const auto sum = quiesce::crc32(std::as_bytes(std::span(checked.data(), checked.size())));
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(sum >> (8 * i) & 0xff);
}

/// `frame` encoded, with one header byte changed and the header's checksum right again.
std::string forged(const Frame& frame, std::size_t at, std::uint8_t value) {
  std::string bytes = encode(frame);
  bytes[at] = static_cast<char>(value);
  put_checksum(bytes, 16, 0, 16);
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_comes_back_as_it_was) {
  const auto frames = decode(encode(request));
  BOOST_REQUIRE_EQUAL(frames.size(), 1U);
  BOOST_TEST((frames[0] == request));
}

BOOST_AUTO_TEST_CASE(the_layout_on_the_wire_is_as_documented) {
  const std::string bytes =
      encode({.kind = Kind::response, .sequence = 0x01020304, .payload = "{}"});
  const std::string begin("\xa5QSC\x01\x02\0\0\x04\x03\x02\x01\x02\0\0\0", 16);
  BOOST_TEST(bytes.size() == quiesce::wire::header_size + 2 + 4);
  BOOST_TEST(bytes.substr(0, 16) == begin);
  BOOST_TEST(bytes.substr(20, 2) == "{}");
}

BOOST_AUTO_TEST_CASE(a_frame_without_payload_is_a_frame) {
  const Frame empty{.kind = Kind::event, .sequence = 1, .payload = ""};
  BOOST_TEST((decode(encode(empty)) == std::vector{empty}));
}

BOOST_AUTO_TEST_CASE(the_longest_payload_passes) {
  const Frame longest{.kind = Kind::response,
                      .sequence = 2,
                      .payload = std::string(quiesce::wire::longest_payload, 'x')};
  BOOST_TEST((decode(encode(longest)) == std::vector{longest}));
}

BOOST_AUTO_TEST_CASE(frames_in_single_bytes_come_back_whole) {
  Decoder decoder;
  std::vector<Frame> frames;
  for (const char byte : encode(request) + encode(hello)) {
    decoder.feed({&byte, 1});
    for (const Frame& frame : drain(decoder)) frames.push_back(frame);
  }
  BOOST_TEST((frames == std::vector{request, hello}));
  BOOST_TEST(decoder.noise() == 0U);
}

BOOST_AUTO_TEST_CASE(many_frames_in_one_piece_come_back_in_order) {
  BOOST_TEST((decode(encode(hello) + encode(request) + encode(hello)) ==
              std::vector{hello, request, hello}));
}

BOOST_AUTO_TEST_CASE(noise_between_frames_is_counted_and_skipped) {
  Decoder decoder;
  decoder.feed("[    0.000000] Linux" + encode(hello) + "\xa5QS\xa5" + encode(request));
  BOOST_TEST((drain(decoder) == std::vector{hello, request}));
  BOOST_TEST(decoder.noise() == 24U);
}

BOOST_AUTO_TEST_CASE(noise_alone_does_not_pile_up) {
  Decoder decoder;
  Frame frame;
  for (int i = 0; i < 1000; ++i) {
    decoder.feed("no frame in here");
    BOOST_TEST(!decoder.next(frame));
  }
  BOOST_TEST(decoder.noise() == 16'000U);
}

BOOST_AUTO_TEST_CASE(a_magic_cut_by_the_end_of_a_piece_is_not_lost) {
  Decoder decoder;
  Frame frame;
  const std::string bytes = "noise" + encode(hello);
  decoder.feed(bytes.substr(0, 7));
  BOOST_TEST(!decoder.next(frame));
  decoder.feed(bytes.substr(7));
  BOOST_REQUIRE(decoder.next(frame));
  BOOST_TEST((frame == hello));
}

BOOST_AUTO_TEST_CASE(a_damaged_header_costs_only_its_own_frame) {
  for (std::size_t at = 0; at < quiesce::wire::header_size; ++at) {
    std::string damaged = encode(request);
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    BOOST_TEST((decode(damaged + encode(hello)) == std::vector{hello}), "byte " << at);
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_payload_costs_only_its_own_frame) {
  std::string damaged = encode(request);
  damaged[quiesce::wire::header_size] ^= 1;
  BOOST_TEST((decode(damaged + encode(hello)) == std::vector{hello}));
}

BOOST_AUTO_TEST_CASE(a_hostile_length_is_no_header) {
  Decoder decoder;
  decoder.feed(forged(request, 15, 0xff) + encode(hello));
  BOOST_TEST((drain(decoder) == std::vector{hello}));
}

BOOST_AUTO_TEST_CASE(a_length_one_beyond_the_longest_is_no_header) {
  const Frame longer{.kind = Kind::event,
                     .sequence = 0,
                     .payload = std::string(quiesce::wire::longest_payload + 1, 'x')};
  BOOST_TEST((decode(encode(longer) + encode(hello)) == std::vector{hello}));
}

// The production kernel panics while its agent sends; then the capture kernel's agent says hello
// and waits. Nothing more may be needed for the hello to be heard.
BOOST_AUTO_TEST_CASE(a_new_peer_is_heard_though_the_old_one_died_in_the_middle_of_a_message) {
  const Frame large{.kind = Kind::response, .sequence = 1, .payload = std::string(20'000, 'x')};
  for (const std::size_t sent : {1UL, 19UL, 20UL, 21UL, 5000UL, 20'023UL}) {
    Decoder decoder;
    decoder.feed(encode(large).substr(0, sent));
    BOOST_TEST(drain(decoder).empty());
    decoder.feed(encode(hello));
    BOOST_TEST((drain(decoder) == std::vector{hello}), "after " << sent << " bytes");
    BOOST_TEST(decoder.noise() == sent);
  }
}

BOOST_AUTO_TEST_CASE(a_new_peer_that_speaks_in_single_bytes_is_heard_too) {
  Decoder decoder;
  const Frame large{.kind = Kind::response, .sequence = 1, .payload = std::string(20'000, 'x')};
  decoder.feed(encode(large).substr(0, 700));
  std::vector<Frame> frames;
  for (const char byte : encode(hello)) {
    decoder.feed({&byte, 1});
    for (const Frame& frame : drain(decoder)) frames.push_back(frame);
  }
  BOOST_TEST((frames == std::vector{hello}));
}

BOOST_AUTO_TEST_CASE(a_frame_inside_of_a_damaged_one_is_found) {
  Frame outer{.kind = Kind::event, .sequence = 3, .payload = "before" + encode(hello) + "after"};
  std::string bytes = encode(outer);
  bytes.back() ^= 1;
  BOOST_TEST((decode(bytes) == std::vector{hello}));
}

BOOST_AUTO_TEST_CASE(another_version_is_counted_and_not_guessed_at) {
  Decoder decoder;
  decoder.feed(forged(request, 4, 2) + encode(hello));
  BOOST_TEST((drain(decoder) == std::vector{hello}));
  BOOST_TEST(decoder.foreign_versions() == 1U);
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_is_no_frame) {
  for (const std::uint8_t kind : {0, 4, 255})
    BOOST_TEST((decode(forged(request, 5, kind) + encode(hello)) == std::vector{hello}));
}

BOOST_AUTO_TEST_SUITE_END()
