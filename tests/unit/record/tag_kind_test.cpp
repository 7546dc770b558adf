// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/tag_kind.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(record_tag_kind)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(every_kind_has_a_word_and_comes_back) {
  for (const auto kind :
       {TagKind::frame, TagKind::disk_block, TagKind::guest_write, TagKind::guest_frame})
    BOOST_TEST((record::tag_kind_from(record::to_string(kind)) == kind));
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_is_still_named) {
  BOOST_TEST(record::to_string(static_cast<TagKind>(9)) == "unknown-9");
  BOOST_TEST(!record::tag_kind_from("unknown-9").has_value());
  BOOST_TEST(!record::tag_kind_from("").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
