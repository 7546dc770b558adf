// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/landed.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/tag.hpp"

BOOST_AUTO_TEST_SUITE(observe_landed)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

constexpr std::uint64_t size = 1 << 20;
constexpr std::uint32_t seed = 42;
const PhysRange region{.begin = {0x40000}, .end = {0x80000}};

struct Guest {
  Fd fd = memory_file("ram", size).value();
  Mapping memory = Mapping::of_file(fd.get(), size, Mapping::Access::read_write).value();
  GuestRam ram = GuestRam::map(fd.get(), {size}).value();

  void put(std::size_t at, const Tag& tag, std::size_t length = 448) {
    fill_tagged(memory.writable().subspan(at, length), tag);
  }
};

Tag frame(const char* device, std::uint64_t sequence) {
  return {.kind = TagKind::frame, .device = device, .sequence = sequence, .seed = seed};
}

}  // namespace

BOOST_AUTO_TEST_CASE(frames_in_the_region_are_counted_by_device_and_page) {
  Guest guest;
  guest.put(0x40002, frame("nic0", 7));
  guest.put(0x40802, frame("nic0", 9));
  guest.put(0x7f000, frame("nic0", 8));
  guest.put(0x50000, frame("nic1", 3));
  const auto landed = find_landed(guest.ram, region, seed).value();
  BOOST_REQUIRE(landed.size() == 2U);
  BOOST_TEST(landed[0].device == "nic0");
  BOOST_TEST(landed[0].pages == 2U);
  BOOST_TEST(landed[0].oldest == 7U);
  BOOST_TEST(landed[0].newest == 9U);
  BOOST_TEST(landed[1].device == "nic1");
}

BOOST_AUTO_TEST_CASE(what_lies_outside_the_region_or_is_no_frame_of_the_run_does_not_count) {
  Guest guest;
  guest.put(0x3fe00, frame("nic0", 1));
  guest.put(0x80000, frame("nic0", 2));
  Tag other = frame("nic0", 3);
  other.seed = seed + 1;
  guest.put(0x50000, other);
  Tag block = frame("disk0", 4);
  block.kind = TagKind::disk_block;
  guest.put(0x60000, block, 512);
  BOOST_TEST(find_landed(guest.ram, region, seed).value().empty());
}

BOOST_AUTO_TEST_SUITE_END()
