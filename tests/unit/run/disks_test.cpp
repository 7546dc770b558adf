// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/disks.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

#include "harness/base/mapping.hpp"
#include "harness/base/tag.hpp"

BOOST_AUTO_TEST_SUITE(run_disks)

using namespace quiesce;
using run::disk_block;
using run::disk_size;
using run::inspect_disk;

namespace {

constexpr std::uint64_t blocks = disk_size.value / disk_block;
constexpr std::uint64_t half = blocks / 2;

Tag tag_of(TagKind kind, std::uint64_t block, std::uint32_t seed = 5) {
  return {.kind = kind, .device = "disk0", .block = block, .seed = seed};
}

struct Fixture {
  scenario::RunPlan plan;
  std::map<std::string, Fd> disks;

  Fixture() {
    plan.scenario.seed = 5;
    for (const char* name : {"disk0", "nic0"}) {
      scenario::PlannedDevice device{.name = name};
      device.profile.backend = device.name == "disk0" ? "disk" : "net";
      plan.devices.push_back(device);
    }
    disks = run::make_disks(plan).value();
  }
  Mapping map() {
    return Mapping::of_file(disks.at("disk0").get(), disk_size.value, Mapping::Access::read_write)
        .value();
  }
  /// What the inspection says after `work` on the bytes of block `block`.
  run::DiskTruth after(std::uint64_t block, const std::function<void(std::span<std::byte>)>& work) {
    Mapping image = map();
    work(image.writable().subspan(block * disk_block, disk_block));
    return inspect_disk(disks.at("disk0").get(), "disk0", 5).value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_disk_and_nothing_else_gets_an_image_tagged_to_its_end, Fixture) {
  BOOST_TEST(disks.size() == 1U);
  const Mapping image = map();
  for (const std::uint64_t block : {std::uint64_t{0}, std::uint64_t{1}, half, blocks - 1})
    BOOST_TEST(is_tagged(image.bytes().subspan(block * disk_block, disk_block),
                         tag_of(TagKind::disk_block, block)));
}

BOOST_FIXTURE_TEST_CASE(the_truth_about_a_disk_has_a_word_for_every_block, Fixture) {
  const auto fresh = after(0, [](auto) {});
  BOOST_TEST(fresh.untouched == blocks - half);
  BOOST_TEST(fresh.guest_blocks == 0U);
  BOOST_TEST(fresh.other == 0U);
  BOOST_TEST(fresh.damaged_first_half == 0U);

  const auto written = after(half, [](auto bytes) {
    fill_tagged(bytes, {.kind = TagKind::guest_write,
                        .device = "disk0",
                        .sequence = 77,
                        .block = half,
                        .seed = 5});
  });
  BOOST_TEST(written.guest_blocks == 1U);
  BOOST_TEST(written.untouched == blocks - half - 1);

  const auto foreign = after(
      half + 1, [](auto bytes) { fill_tagged(bytes, tag_of(TagKind::guest_write, half + 1, 6)); });
  BOOST_TEST(foreign.other == 1U);

  const auto zeroed = after(half + 2, [](auto bytes) { std::ranges::fill(bytes, std::byte{0}); });
  BOOST_TEST(zeroed.other == 2U);

  const auto damaged = after(3, [](auto bytes) { bytes[511] = std::byte{0}; });
  BOOST_TEST(damaged.damaged_first_half == 1U);
  BOOST_TEST(damaged.guest_blocks == 1U);
}

// Only a block's first tag was looked at: a block that was torn in its middle passed for whole.
BOOST_FIXTURE_TEST_CASE(a_torn_block_is_neither_written_nor_untouched, Fixture) {
  const auto torn = after(
      half, [](auto bytes) { fill_tagged(bytes.first(256), tag_of(TagKind::guest_write, half)); });
  BOOST_TEST(torn.other == 1U);
  BOOST_TEST(torn.guest_blocks == 0U);
  const auto half_laid =
      after(half + 1, [](auto bytes) { std::ranges::fill(bytes.subspan(448), std::byte{0}); });
  BOOST_TEST(half_laid.other == 2U);
  BOOST_TEST(half_laid.untouched == blocks - half - 2);
}

BOOST_AUTO_TEST_CASE(an_image_that_is_too_short_is_an_error) {
  const Fd fd = memory_file("short", 512).value();
  BOOST_TEST((inspect_disk(fd.get(), "disk0", 5).error().code() == Errc::invalid_input));
}

BOOST_AUTO_TEST_SUITE_END()
