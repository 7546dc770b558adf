// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/kmsg.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(agent)

using namespace quiesce;
using namespace quiesce::agent;

BOOST_AUTO_TEST_CASE(a_record_is_taken_apart) {
  const auto record = parse_kmsg("30,339,5140900,-,caller=T1;a; b\n SUBSYSTEM=pci\n");
  BOOST_REQUIRE(record.has_value());
  BOOST_TEST(record->level == 6);  // facility 3
  BOOST_TEST(record->sequence == 339U);
  BOOST_TEST(record->guest == 5.1409, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(record->text == "a; b");
}

BOOST_AUTO_TEST_CASE(a_record_that_is_none_is_left_out) {
  for (const char* text : {"", ";", "1,2;x", "a,b,c;x", "1,2,3", "-1,2,3;x", "1,,3;x"})
    BOOST_TEST(!parse_kmsg(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(gaps_in_the_sequence_are_lost_records) {
  KmsgTally tally(4);
  for (const std::uint64_t sequence : {10U, 11U, 15U})
    tally.add({.level = 6, .sequence = sequence, .guest = 0, .text = "x"});
  const auto answer = tally.to_json();
  BOOST_TEST(answer["first_sequence"] == 10);
  BOOST_TEST(answer["last_sequence"] == 15);
  BOOST_TEST(answer["lost"] == 3);
  BOOST_TEST(answer["records"] == 3);
}

BOOST_AUTO_TEST_CASE(only_bad_enough_records_are_entries_but_all_are_counted) {
  KmsgTally tally(4);
  for (int level = 0; level < 8; ++level)
    tally.add(
        {.level = level, .sequence = static_cast<std::uint64_t>(level), .guest = 0, .text = "x"});
  const auto answer = tally.to_json();
  BOOST_TEST(answer["entries"].size() == 5U);
  for (int level = 0; level < 8; ++level) BOOST_TEST(answer["by_level"][level] == 1);
}

BOOST_AUTO_TEST_CASE(an_empty_log_is_an_answer) {
  const auto answer = KmsgTally(4).to_json();
  BOOST_TEST(answer["records"] == 0);
  BOOST_TEST(answer["entries"].is_array());
}

BOOST_AUTO_TEST_CASE(a_flood_of_warnings_fits_into_a_frame) {
  KmsgTally tally(4);
  for (std::uint64_t sequence = 0; sequence < 100'000; ++sequence)
    tally.add({.level = 3, .sequence = sequence, .guest = 1.5, .text = std::string(100, 'x')});
  const auto answer = tally.to_json();
  BOOST_TEST(answer.dump().size() < 1U << 20);
  BOOST_TEST(answer["left_out"] > 0);
}

BOOST_AUTO_TEST_SUITE_END()
