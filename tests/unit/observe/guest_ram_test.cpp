// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/guest_ram.hpp"

#include <sys/mman.h>

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(observe_guest_ram)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

const target::RamSplit& q35 = target::architecture_of("q35").ram;

}  // namespace

BOOST_AUTO_TEST_CASE(small_ram_lies_in_one_piece_at_zero) {
  const auto layout = RamLayout::of(q35, {0xb0000000 - 4096});
  BOOST_TEST(layout.pieces().size() == 1U);
  BOOST_TEST(layout.offset_of({0xaffffffULL}).value() == 0xaffffffULL);
  BOOST_TEST(!layout.offset_of({0xb0000000 - 4096}).has_value());
  BOOST_TEST(!layout.offset_of({1ULL << 32}).has_value());
}

BOOST_AUTO_TEST_CASE(ram_from_2816_mib_on_is_split_at_2_gib) {
  const auto layout = RamLayout::of(q35, {0xb0000000});
  BOOST_TEST(layout.offset_of({0x7fffffff}).value() == 0x7fffffffU);
  BOOST_TEST(!layout.offset_of({0x80000000}).has_value());
  BOOST_TEST(layout.offset_of({1ULL << 32}).value() == 0x80000000U);
  BOOST_TEST(layout.phys_of(0x80000000)->value == 1ULL << 32);
  BOOST_TEST(layout.phys_of(0xafffffff)->value == (1ULL << 32) + 0x2fffffff);
  BOOST_TEST(!layout.phys_of(0xb0000000).has_value());
  BOOST_TEST(layout.size().value == 0xb0000000U);
}

BOOST_AUTO_TEST_CASE(a_range_over_the_gap_becomes_two_extents) {
  const auto layout = RamLayout::of(q35, 4_GiB);
  const auto extents = layout.offsets_of({{0x7ffff000}, {(1ULL << 32) + 0x1000}});
  const Extents expected{{0x7ffff000, 0x80000000}, {0x80000000, 0x80001000}};
  BOOST_TEST((extents == expected));
  BOOST_TEST(layout.offsets_of({{0x90000000}, {0xa0000000}}).empty());
}

BOOST_AUTO_TEST_CASE(an_end_at_the_top_of_the_address_space_is_no_overflow) {
  const auto layout = RamLayout::of(q35, 1_MiB);
  BOOST_TEST((layout.offsets_of({{0}, {~0ULL}}) == Extents{{0, 1 << 20}}));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_short_is_refused) {
  const auto fd = memory_file("ram", 1 << 20);
  BOOST_REQUIRE(fd);
  const auto ram = GuestRam::map(fd->get(), 2_MiB);
  BOOST_REQUIRE(!ram);
  BOOST_TEST((ram.error().code() == Errc::invalid_input));
  BOOST_TEST(!GuestRam::map(fd->get(), {0}).has_value());
  BOOST_TEST(!GuestRam::map(fd->get(), {4097}).has_value());
}

BOOST_AUTO_TEST_CASE(only_touched_pages_are_data) {
  const auto fd = memory_file("ram", 1 << 20);
  BOOST_REQUIRE(fd);
  auto guest = Mapping::of_file(fd->get(), 1 << 20, Mapping::Access::read_write);
  BOOST_REQUIRE(guest);
  guest->writable()[0x3000] = std::byte{1};
  guest->writable()[0x4000] = std::byte{1};
  guest->writable()[0x80000] = std::byte{1};
  const auto ram = GuestRam::map(fd->get(), 1_MiB);
  BOOST_REQUIRE(ram);
  const Extents all{{0, 1 << 20}};
  BOOST_TEST((ram->data(all).value() == Extents{{0x3000, 0x5000}, {0x80000, 0x81000}}));
  const Extents some{{0, 0x1000}, {0x4000, 0x6000}, {0x90000, 0xa0000}};
  BOOST_TEST((ram->data(some).value() == Extents{{0x4000, 0x5000}}));
  // One run of data over several parts that were asked for.
  const Extents parts{{0x3000, 0x3800}, {0x4000, 0x4800}, {0x80800, 0x81000}};
  BOOST_TEST((ram->data(parts).value() == parts));
}

BOOST_AUTO_TEST_CASE(reading_stays_inside_one_piece) {
  const auto fd = memory_file("ram", 1 << 20);
  BOOST_REQUIRE(fd);
  const auto ram = GuestRam::map(fd->get(), 1_MiB);
  BOOST_REQUIRE(ram);
  BOOST_TEST(ram->read({0xff000}, 4096).has_value());
  BOOST_TEST(!ram->read({0xff001}, 4096).has_value());
  BOOST_TEST(!ram->read({~0ULL}, 4096).has_value());
  BOOST_TEST(!ram->read({0x1000}, ~std::size_t{0}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
