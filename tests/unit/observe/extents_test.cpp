// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/extents.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(observe_extents)

using namespace quiesce::observe;

BOOST_AUTO_TEST_CASE(normalising_sorts_joins_and_drops_empty_extents) {
  const Extents expected{{0, 30}, {40, 50}};
  BOOST_TEST((normalised({{40, 50}, {10, 30}, {35, 35}, {0, 10}, {5, 7}}) == expected));
}

BOOST_AUTO_TEST_CASE(whole_pages_grow_outwards) {
  BOOST_TEST((whole_pages({{4097, 4098}, {8191, 8193}}, 4096) == Extents{{4096, 12288}}));
}

BOOST_AUTO_TEST_CASE(without_cuts_holes_and_ends) {
  const Extents expected{{10, 20}, {30, 40}, {50, 55}};
  BOOST_TEST((without({{0, 40}, {45, 55}, {60, 70}}, {{0, 10}, {20, 30}, {42, 50}, {58, 80}}) ==
              expected));
  BOOST_TEST((without({{0, 10}}, {}) == Extents{{0, 10}}));
  BOOST_TEST(without({}, {{0, 10}}).empty());
}

BOOST_AUTO_TEST_CASE(one_cut_can_reach_over_several_extents) {
  BOOST_TEST((without({{0, 10}, {20, 30}, {40, 50}}, {{5, 45}}) == Extents{{0, 5}, {45, 50}}));
}

BOOST_AUTO_TEST_CASE(chopping_keeps_every_byte_and_aligns_the_pieces) {
  const Extents pieces = chopped({{5, 25}, {30, 31}}, 10);
  BOOST_TEST((pieces == Extents{{5, 10}, {10, 20}, {20, 25}, {30, 31}}));
  BOOST_TEST(total(pieces) == 21U);
}

BOOST_AUTO_TEST_SUITE_END()
