// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/text.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

BOOST_AUTO_TEST_SUITE(base_text)

using namespace quiesce;
using Parts = std::vector<std::string>;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string replacement(int count) {
  std::string text;
  while (count-- > 0) text += "\xef\xbf\xbd";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(split_keeps_empty_parts_between_and_at_the_ends) {
  BOOST_TEST(split("", ',').empty());
  BOOST_TEST((split("a", ',') == Parts{"a"}));
  BOOST_TEST((split("a,b", ',') == Parts{"a", "b"}));
  BOOST_TEST((split(",", ',') == Parts{"", ""}));
  BOOST_TEST((split("a,,b,", ',') == Parts{"a", "", "b", ""}));
}

BOOST_AUTO_TEST_CASE(trim_takes_blanks_at_both_ends_only) {
  BOOST_TEST(trim(" \t a b\r\n") == "a b");
  BOOST_TEST(trim(" \n").empty());
  BOOST_TEST(trim("").empty());
}

BOOST_AUTO_TEST_CASE(printable_text_stays_as_it_is) {
  const std::string text = "a b\tc\n\u00e4\u20ac\U0001F600 ~";
  BOOST_TEST(printable(text) == text);
}

BOOST_AUTO_TEST_CASE(control_characters_go) {
  BOOST_TEST(printable(std::string_view("a\0b\r\n\x07\x7f", 7)) == "ab\n");
}

// U+009B is the 8-bit form of ESC [ and valid UTF-8: a terminal may obey it.
BOOST_AUTO_TEST_CASE(control_characters_beyond_ascii_go_too) {
  BOOST_TEST(printable("a\xc2\x9b"
                       "31mb\xc2\x80\xc2\x9f\xc2\xa0") == "a31mb\xc2\xa0");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_become_replacement_characters) {
  BOOST_TEST(printable("a\xff"
                       "b") == "a" + replacement(1) + "b");
  BOOST_TEST(printable("\xc3") == replacement(1));              // cut off
  BOOST_TEST(printable("\xc0\xaf") == replacement(2));          // overlong
  BOOST_TEST(printable("\xe0\x80\xaf") == replacement(3));      // overlong
  BOOST_TEST(printable("\xed\xa0\x80") == replacement(3));      // surrogate
  BOOST_TEST(printable("\xf4\x90\x80\x80") == replacement(4));  // beyond U+10FFFF
}

BOOST_AUTO_TEST_CASE(escape_sequences_go) {
  BOOST_TEST(printable("\x1b[1;31mred\x1b[0m") == "red");
  BOOST_TEST(printable("\x1b[?25l\x1b[2Jx\x1b[10;20H") == "x");
  BOOST_TEST(printable("a\x1b"
                       "cb") == "ab");
}

// ESC ( B left its B behind, a window's title all of itself.
BOOST_AUTO_TEST_CASE(escape_sequences_of_more_than_two_bytes_go_whole) {
  BOOST_TEST(printable("a\x1b(Bb") == "ab");
  BOOST_TEST(printable("a\x1b]0;title\x07z") == "az");
  BOOST_TEST(printable("a\x1b]0;title\x1b\\z") == "az");
  BOOST_TEST(printable("a\x1bP1$q\x1b\\z") == "az");
}

// A broken sequence took all up to the next letter with it, ends of lines included.
BOOST_AUTO_TEST_CASE(a_broken_escape_sequence_takes_nothing_else_with_it) {
  BOOST_TEST(printable("\x1b[31\nnext line") == "\nnext line");
  BOOST_TEST(printable("\x1b\nnext line") == "\nnext line");
  BOOST_TEST(printable("\x1b]0;title\nnext line") == "\nnext line");
  BOOST_TEST(printable("\x1b\x1b[31mx") == "x");
}

BOOST_AUTO_TEST_CASE(an_escape_sequence_that_is_cut_off_goes) {
  for (const char* text : {"x\x1b", "x\x1b[", "x\x1b[31", "x\x1b(", "x\x1b]0;ti", "x\x1b]0;ti\x1b"})
    BOOST_TEST(printable(text) == "x", text);
}

BOOST_AUTO_TEST_CASE(whatever_comes_printable_gives_what_is_printable) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string noise(random() % 40, '\0');
    for (char& byte : noise) byte = static_cast<char>(random() % 4 == 0 ? 0x1b : random());
    const std::string once = printable(noise);
    BOOST_REQUIRE(printable(once) == once);
    BOOST_REQUIRE(once.find('\x1b') == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(hexadecimal_goes_there_and_back) {
  BOOST_TEST(to_hex(bytes_of("\x01\xab\xff")) == "01abff");
  BOOST_TEST(text_of(from_hex("01aBFf").value()) == "\x01\xab\xff");
  BOOST_TEST(to_hex({}).empty());
  BOOST_TEST(from_hex("").value().empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_hexadecimal_is_refused_with_its_place) {
  BOOST_TEST(!from_hex("abc").has_value());
  BOOST_TEST(from_hex("00x0").error().message() == "no hexadecimal digit at offset 2");
  BOOST_TEST(from_hex("000g").error().message() == "no hexadecimal digit at offset 3");
  BOOST_TEST(!from_hex("0x").has_value());
  BOOST_TEST(!from_hex(" 1").has_value());
}

BOOST_AUTO_TEST_CASE(base_64_is_that_of_rfc_4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xfb\xff", "+/8="}};
  for (const auto& [plain, coded] : vectors) {
    BOOST_TEST(to_base64(bytes_of(plain)) == coded);
    BOOST_TEST(text_of(from_base64(coded).value()) == plain);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_base_64_is_refused) {
  for (const char* text : {"A", "AB", "ABC", "====", "A===", "Zg==Zg==", "Zm9*", "Z=8=", "Zm9v\n"})
    BOOST_TEST(!from_base64(text).has_value(), text);
  BOOST_TEST(!from_base64(std::string_view("Zm9\0", 4)).has_value());
}

BOOST_AUTO_TEST_CASE(crc_32_is_that_of_ieee_802_3) {
  BOOST_TEST(crc32(bytes_of("123456789")) == 0xcbf43926U);
  BOOST_TEST(crc32({}) == 0U);
}

BOOST_AUTO_TEST_CASE(crc_32_can_be_made_in_pieces) {
  BOOST_TEST(crc32(bytes_of("6789"), crc32(bytes_of("12345"))) == 0xcbf43926U);
}

BOOST_AUTO_TEST_SUITE_END()
