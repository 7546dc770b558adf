// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/tag.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/text.hpp"

BOOST_AUTO_TEST_SUITE(base_tag)

using namespace quiesce;

namespace {

const Tag example{.kind = TagKind::disk_block,
                  .device = "nvme0",
                  .sequence = 0x0102030405060708,
                  .block = 77,
                  .offset = 0,
                  .seed = 0xdeadbeef};

std::vector<std::byte> filled(std::size_t size, const Tag& tag = example) {
  std::vector<std::byte> item(size);
  fill_tagged(item, tag);
  return item;
}

/// Puts the CRC right after a change.
void seal(std::vector<std::byte>& unit) {
  const std::uint32_t crc = crc32(std::span(unit).first(60));
  for (std::size_t i = 0; i < 4; ++i) unit[60 + i] = static_cast<std::byte>(crc >> (8 * i));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_tag_is_read_as_it_was_written) {
  const auto unit = filled(Tag::size);
  BOOST_TEST((read_tag(unit) == example));
}

BOOST_AUTO_TEST_CASE(a_tag_has_the_documented_bytes) {
  const auto unit = filled(Tag::size);
  BOOST_TEST(
      to_hex(unit).starts_with("5153544147010d0a"         // magic
                               "0205000000000000"         // kind, length, reserved, offset
                               "0807060504030201"         // sequence
                               "4d00000000000000"         // block
                               "6e766d65300000000000"));  // name
  BOOST_TEST(to_hex(unit).substr(112, 8) == "efbeadde");
}

BOOST_AUTO_TEST_CASE(every_unit_of_an_item_knows_its_offset) {
  const auto tags = find_tags(filled(512));
  BOOST_TEST(tags.size() == 8U);
  for (std::size_t i = 0; i < tags.size(); ++i) BOOST_TEST(tags[i].offset == i * Tag::size);
}

BOOST_AUTO_TEST_CASE(a_rest_too_short_for_a_tag_is_its_offset_repeated) {
  const auto item = filled(Tag::size + 3);
  for (std::size_t at = Tag::size; at < item.size(); ++at)
    BOOST_TEST(std::to_integer<int>(item[at]) == 64);
  BOOST_TEST(find_tags(item).size() == 1U);
  BOOST_TEST(find_tags(filled(63)).empty());
  BOOST_TEST(filled(0).empty());
}

BOOST_AUTO_TEST_CASE(a_long_name_is_cut) {
  Tag tag = example;
  tag.device = "a-name-of-more-than-twenty-four-bytes";
  BOOST_TEST(read_tag(filled(Tag::size, tag))->device == tag.device.substr(0, Tag::longest_name));
}

BOOST_AUTO_TEST_CASE(any_changed_bit_makes_a_tag_none) {
  const auto good = filled(Tag::size);
  for (std::size_t bit = 0; bit < Tag::size * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    BOOST_REQUIRE(!read_tag(bad).has_value());
  }
}

BOOST_AUTO_TEST_CASE(less_than_a_tag_is_none) {
  auto unit = filled(Tag::size);
  unit.pop_back();
  BOOST_TEST(!read_tag(unit).has_value());
  BOOST_TEST(!read_tag({}).has_value());
  BOOST_TEST(find_tags(unit).empty());
}

BOOST_AUTO_TEST_CASE(a_name_longer_than_its_field_is_refused) {
  auto unit = filled(Tag::size);
  unit[9] = std::byte{25};
  seal(unit);
  BOOST_TEST(!read_tag(unit).has_value());
}

// An enumerator that does not exist reached the readers.
BOOST_AUTO_TEST_CASE(a_kind_that_does_not_exist_is_refused) {
  for (const int kind : {0, 6, 255}) {
    auto unit = filled(Tag::size);
    unit[8] = static_cast<std::byte>(kind);
    seal(unit);
    BOOST_TEST(!read_tag(unit).has_value());
  }
}

BOOST_AUTO_TEST_CASE(tags_are_found_at_any_alignment_and_between_noise) {
  std::vector<std::byte> memory(1000, std::byte{'Q'});
  std::ranges::copy(filled(128), memory.begin() + 13);
  std::ranges::copy(filled(64), memory.begin() + 900);
  std::ranges::copy(filled(64), memory.end() - 20 - 64);  // over the one before
  const auto tags = find_tags(memory);
  BOOST_TEST(tags.size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_magic_without_a_tag_does_not_hide_the_tag_behind_it) {
  const auto unit = filled(Tag::size);
  std::vector<std::byte> memory(unit.begin(), unit.begin() + 8);
  memory.insert(memory.end(), unit.begin(), unit.end());
  BOOST_TEST(find_tags(memory).size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_item_is_told_from_one_that_differs_anywhere) {
  auto item = filled(515);
  BOOST_TEST(is_tagged(item, example));
  item.back() ^= std::byte{1};
  BOOST_TEST(!is_tagged(item, example));
  Tag other = example;
  ++other.block;
  BOOST_TEST(!is_tagged(filled(512), other));
}

BOOST_AUTO_TEST_SUITE_END()
