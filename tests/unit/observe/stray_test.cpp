// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/stray.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>

BOOST_AUTO_TEST_SUITE(observe_stray)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

constexpr std::uint64_t size = 1 << 20;
constexpr std::uint32_t seed = 42;

struct Guest {
  Fd fd = memory_file("ram", size).value();
  Mapping memory = Mapping::of_file(fd.get(), size, Mapping::Access::read_write).value();
  GuestRam ram = GuestRam::map(fd.get(), {size}).value();
  Baseline baseline = Baseline::create(ram, {}).value();

  Guest() { BOOST_REQUIRE(baseline.take(ram)); }
  void put(std::size_t at, std::size_t length, const Tag& tag) {
    fill_tagged(memory.writable().subspan(at, length), tag);
  }
  std::vector<StrayWrite> strays(StrayContext context = {.t = 2, .since = 1, .seed = seed}) {
    const auto pass = diff(baseline, ram).value();
    return stray_writes(pass, baseline, context).value();
  }
};

Tag frame(std::uint64_t sequence, std::uint32_t of_seed = seed) {
  return {.kind = TagKind::frame, .device = "nic0", .sequence = sequence, .seed = of_seed};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_frame_in_a_page_names_its_origin_once) {
  Guest guest;
  guest.put(0x5000 + 14, 512, frame(7));
  const auto strays = guest.strays();
  BOOST_REQUIRE(strays.size() == 1U);
  BOOST_TEST(strays[0].change.page.value == 0x5000U);
  BOOST_REQUIRE(strays[0].tags.size() == 1U);
  BOOST_TEST(strays[0].tags[0].tag.device == "nic0");
  BOOST_TEST(strays[0].tags[0].tag.sequence == 7U);
  BOOST_TEST(!strays[0].tags[0].foreign);
}

BOOST_AUTO_TEST_CASE(tags_beside_the_changed_bytes_are_not_reported) {
  Guest guest;
  guest.put(0x5000, 128, frame(1));
  (void)guest.strays();
  guest.put(0x5080, 64, frame(2));
  const auto strays = guest.strays();
  BOOST_REQUIRE(strays.size() == 1U);
  BOOST_REQUIRE(strays[0].tags.size() == 1U);
  BOOST_TEST(strays[0].tags[0].tag.sequence == 2U);
}

BOOST_AUTO_TEST_CASE(a_tag_of_another_seed_is_foreign) {
  Guest guest;
  guest.put(0x5000, 64, frame(1, 43));
  const auto strays = guest.strays();
  BOOST_REQUIRE(strays.size() == 1U && strays[0].tags.size() == 1U);
  BOOST_TEST(strays[0].tags[0].foreign);
}

BOOST_AUTO_TEST_CASE(bytes_without_a_tag_give_a_record_without_tags) {
  Guest guest;
  guest.memory.writable()[0x6123] = std::byte{1};
  const auto json = record::as_json(as_record(guest.strays().at(0)));
  BOOST_TEST(
      json.dump() ==
      R"({"bytes":1,"first":291,"last":291,"owner":null,"page":"0x6000","since":1.0,"t":2.0,"tags":[]})");
}

BOOST_AUTO_TEST_CASE(an_owner_is_named_when_its_range_overlaps_the_changed_bytes) {
  Guest guest;
  guest.memory.writable()[0x6123] = std::byte{1};
  guest.memory.writable()[0x7000] = std::byte{1};
  const auto strays = guest.strays(
      {.seed = seed, .owners = {{.range = {{0x6100}, {0x6124}}, .name = "cpu-stack"}}});
  BOOST_REQUIRE(strays.size() == 2U);
  BOOST_TEST(record::as_json(as_record(strays[0]))["owner"] == "cpu-stack");
  BOOST_TEST(record::as_json(as_record(strays[1]))["owner"].is_null());
}

// The guest can forge a valid tag whose name is no UTF-8; the record must still be JSON.
BOOST_AUTO_TEST_CASE(a_device_name_of_any_bytes_can_be_written_as_json) {
  Guest guest;
  Tag tag = frame(1);
  tag.device = "a\xff\x1b[2J\n";
  guest.put(0x5000, 64, tag);
  const auto json = record::as_json(as_record(guest.strays().at(0)));
  BOOST_TEST(json["tags"][0]["device"] == "a\xef\xbf\xbd\n");
  BOOST_TEST(!json.dump().empty());
}

BOOST_AUTO_TEST_SUITE_END()
