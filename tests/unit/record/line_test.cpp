// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/line.hpp"

#include <boost/test/unit_test.hpp>

namespace quiesce::record {

BOOST_AUTO_TEST_SUITE(record_line)

BOOST_AUTO_TEST_CASE(a_line_ends_with_its_number_and_the_checksum_of_all_before_it) {
  const std::string line = numbered_line({{"event", "mark"}, {"t", 1.5}}, 7);
  // CRC-32 of {"event":"mark","n":7,"t":1.5}, by zlib's crc32 in Python.
  BOOST_TEST(line == "{\"event\":\"mark\",\"n\":7,\"t\":1.5,\"c\":\"e507f83d\"}\n");
  BOOST_TEST(nlohmann::json::accept(line));
  BOOST_TEST(checksum_fits(line.substr(0, line.size() - 1)).value());
}

BOOST_AUTO_TEST_CASE(every_turned_bit_of_a_line_shows) {
  std::string line = numbered_line({{"event", "mark"}, {"name", "handover"}}, 12);
  line.pop_back();
  for (std::size_t at = 0; at < line.size(); ++at) {
    std::string changed = line;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    BOOST_TEST(!checksum_fits(changed).value_or(false), changed);
  }
}

BOOST_AUTO_TEST_CASE(a_line_without_a_checksum_says_nothing) {
  BOOST_TEST(!checksum_fits("{\"event\":\"mark\",\"n\":3}"));
  BOOST_TEST(!checksum_fits(""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::record
