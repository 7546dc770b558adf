// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/units.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

BOOST_AUTO_TEST_SUITE(base_units)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(sizes_are_powers_of_1024) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},           {"512", 512},         {"512B", 512},       {"4K", 4096},
      {"4k", 4096},       {"4KiB", 4096},       {"256M", 256 << 20}, {"256MiB", 256 << 20},
      {"1G", 1ULL << 30}, {"1GiB", 1ULL << 30}, {"2T", 2ULL << 40},
  };
  for (const auto& [text, size] : cases) BOOST_TEST(parse_bytes(text).value().value == size, text);
}

BOOST_AUTO_TEST_CASE(what_is_no_size_is_refused_and_quoted) {
  for (const char* text : {"", " 1", "1 ", "-1", "+1", "1.5G", "1GB", "1Q", "K", "0x10", "1K1",
                           "18446744073709551616", "16777216T", "1\xff"})
    BOOST_TEST(!parse_bytes(text).has_value(), text);
  BOOST_TEST(parse_bytes("1GB").error().message().find("\"1GB\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_largest_sizes_do_not_overflow) {
  BOOST_TEST(parse_bytes("16777215T").value().value == 16777215ULL << 40);
  BOOST_TEST(parse_bytes("18446744073709551615").value().value ==
             std::numeric_limits<std::uint64_t>::max());
}

BOOST_AUTO_TEST_CASE(sizes_are_shown_in_the_largest_unit_that_fits) {
  BOOST_TEST(format_bytes({0}) == "0 bytes");
  BOOST_TEST(format_bytes({1}) == "1 byte");
  BOOST_TEST(format_bytes({1023}) == "1023 bytes");
  BOOST_TEST(format_bytes(4_KiB) == "4 KiB");
  BOOST_TEST(format_bytes({1536}) == "1.5 KiB");
  BOOST_TEST(format_bytes(256_MiB) == "256 MiB");
  BOOST_TEST(format_bytes(3_GiB) == "3 GiB");
  BOOST_TEST(format_bytes({5ULL << 40}) == "5 TiB");
}

// One byte less than a MiB was "1024.0 KiB".
BOOST_AUTO_TEST_CASE(no_size_is_shown_as_1024_of_a_unit) {
  BOOST_TEST(format_bytes({(1 << 20) - 1}) == "1.0 MiB");
  BOOST_TEST(format_bytes({(1 << 30) - 1}) == "1.0 GiB");
}

BOOST_AUTO_TEST_CASE(durations_have_a_unit) {
  BOOST_TEST(parse_duration("250ms").value().count() == 0.25);
  BOOST_TEST(parse_duration("2s").value().count() == 2.0);
  BOOST_TEST(parse_duration("1.5s").value().count() == 1.5);
  BOOST_TEST(parse_duration("3min").value().count() == 180.0);
  BOOST_TEST(parse_duration("2h").value().count() == 7200.0);
  BOOST_TEST(parse_duration("0s").value().count() == 0.0);
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused) {
  for (const char* text :
       {"", "s", "2", "-1s", " 2s", "2 s", "2m", "infs", "nans", "1e300s", "2ss"})
    BOOST_TEST(!parse_duration(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(durations_are_shown_in_milliseconds_or_seconds) {
  BOOST_TEST(format_duration(Seconds(0.25)) == "250 ms");
  BOOST_TEST(format_duration(Seconds(2)) == "2.0 s");
  BOOST_TEST(format_duration(Seconds(0)) == "0 ms");
  BOOST_TEST(format_duration(Seconds(-3)) == "-3.0 s");
}

// 0.9999 s was "1000 ms".
BOOST_AUTO_TEST_CASE(no_duration_is_shown_as_1000_ms) {
  BOOST_TEST(format_duration(Seconds(0.9999)) == "1.0 s");
  BOOST_TEST(format_duration(Seconds(0.999)) == "999 ms");
}

BOOST_AUTO_TEST_CASE(numbers_are_decimal_or_hexadecimal) {
  BOOST_TEST(parse_number("0").value() == 0U);
  BOOST_TEST(parse_number("42").value() == 42U);
  BOOST_TEST(parse_number("010").value() == 10U);
  BOOST_TEST(parse_number("0x1f2E").value() == 0x1f2eU);
  BOOST_TEST(parse_number("0XFFFFFFFFFFFFFFFF").value() == ~0ULL);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_refused) {
  for (const char* text : {"", "0x", "x1", "-1", "+1", " 1", "1 ", "1f", "0x-1", "0x0x1", "0xg",
                           "0x10000000000000000", "18446744073709551616"})
    BOOST_TEST(!parse_number(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(a_range_holds_its_first_address_and_not_its_end) {
  const PhysRange range{.begin = {0x1000}, .end = {0x2000}};
  BOOST_TEST(range.size() == 0x1000U);
  BOOST_TEST(range.contains({0x1000}));
  BOOST_TEST(range.contains({0x1fff}));
  BOOST_TEST(!range.contains({0x2000}));
  BOOST_TEST(!range.contains({0xfff}));
}

BOOST_AUTO_TEST_SUITE_END()
