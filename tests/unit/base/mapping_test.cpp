// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/mapping.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(base_mapping)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(two_mappings_of_a_file_see_each_others_writes) {
  const auto file = memory_file("ram", 8192);
  auto writer = Mapping::of_file(file->get(), 8192, Mapping::Access::read_write);
  const auto reader = Mapping::of_file(file->get(), 8192, Mapping::Access::read);
  writer->writable()[8191] = std::byte{42};
  BOOST_TEST(std::to_integer<int>(reader->bytes()[8191]) == 42);
}

BOOST_AUTO_TEST_CASE(a_mapping_outlives_its_descriptor) {
  auto file = memory_file("ram", 4096);
  auto mapping = Mapping::of_file(file->get(), 4096, Mapping::Access::read_write);
  { const Fd gone = std::move(*file); }
  mapping->writable()[0] = std::byte{1};
  BOOST_TEST(std::to_integer<int>(mapping->bytes()[0]) == 1);
}

BOOST_AUTO_TEST_CASE(anonymous_memory_is_zero_and_costs_nothing_untouched) {
  const auto mapping = Mapping::anonymous(1ULL << 36);
  BOOST_TEST(mapping->size() == 1ULL << 36);
  BOOST_TEST(std::to_integer<int>(mapping->bytes()[(1ULL << 36) - 1]) == 0);
}

// A page beyond the end of a file is mapped without complaint and is a SIGBUS when it is touched.
BOOST_AUTO_TEST_CASE(a_file_shorter_than_its_mapping_is_refused) {
  const auto file = memory_file("ram", 4096);
  const auto mapping = Mapping::of_file(file->get(), 8192, Mapping::Access::read);
  BOOST_TEST((mapping.error().code() == Errc::invalid_input));
}

BOOST_AUTO_TEST_CASE(nothing_cannot_be_mapped) {
  const auto file = memory_file("ram", 0);
  BOOST_TEST(!Mapping::of_file(file->get(), 0, Mapping::Access::read).has_value());
  BOOST_TEST(!Mapping::anonymous(0).has_value());
  BOOST_TEST(!Mapping::of_file(-1, 4096, Mapping::Access::read).has_value());
}

BOOST_AUTO_TEST_CASE(a_moved_mapping_keeps_its_place_and_the_replaced_one_goes) {
  auto first = Mapping::anonymous(4096);
  auto second = Mapping::anonymous(8192);
  const auto* place = second->bytes().data();
  void* replaced = first->writable().data();
  *first = std::move(*second);
  BOOST_TEST(first->bytes().data() == place);
  BOOST_TEST(first->size() == 8192U);
  BOOST_TEST(second->size() == 0U);
  unsigned char resident = 0;
  BOOST_TEST(::mincore(replaced, 4096, &resident) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
