// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/observe/page_diff.hpp"

#include <fcntl.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>

#include "harness/observe/page_compare.hpp"

BOOST_AUTO_TEST_SUITE(observe_page_diff)

using namespace quiesce;
using namespace quiesce::observe;

namespace {

constexpr std::uint64_t size = 8 << 20;

/// A guest of 8 MiB whose first half is in use.
struct Guest {
  Fd fd = memory_file("ram", size).value();
  Mapping memory = Mapping::of_file(fd.get(), size, Mapping::Access::read_write).value();
  GuestRam ram = GuestRam::map(fd.get(), {size}).value();

  Guest() { std::memset(memory.writable().data(), 0x5a, size / 2); }
  std::byte& operator[](std::size_t at) { return memory.writable()[at]; }
  Baseline baseline(const std::vector<PhysRange>& excluded = {}) {
    auto made = Baseline::create(ram, excluded).value();
    BOOST_REQUIRE(made.prepare(ram));
    BOOST_REQUIRE(made.take(ram));
    return made;
  }
  std::vector<ChangedPage> diff(Baseline& against, DiffOptions options = {}) {
    auto pass = observe::diff(against, ram, options);
    BOOST_REQUIRE(pass);
    return pass->changed;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_untouched_guest_has_no_changed_page) {
  Guest guest;
  auto baseline = guest.baseline();
  const auto pass = diff(baseline, guest.ram);
  BOOST_REQUIRE(pass);
  BOOST_TEST(pass->changed.empty());
  BOOST_TEST(pass->pages == size / 2 / 4096);
}

BOOST_AUTO_TEST_CASE(a_changed_page_tells_count_first_and_last) {
  Guest guest;
  auto baseline = guest.baseline();
  for (const std::size_t at : {0x5007, 0x5008, 0x5fff}) guest[at] = std::byte{1};
  const std::vector<ChangedPage> expected{
      {.page = {0x5000}, .bytes = 3, .first = 7, .last = 0xfff}};
  BOOST_TEST((guest.diff(baseline) == expected));
}

BOOST_AUTO_TEST_CASE(a_page_is_listed_again_only_when_it_changes_again) {
  Guest guest;
  auto baseline = guest.baseline();
  guest[0x5000] = std::byte{1};
  BOOST_TEST(guest.diff(baseline).size() == 1U);
  BOOST_TEST(guest.diff(baseline).empty());
  guest[0x5001] = std::byte{2};
  const auto again = guest.diff(baseline);
  BOOST_REQUIRE(again.size() == 1U);
  BOOST_TEST(again[0].bytes == 1U);
  BOOST_TEST(again[0].first == 1U);
  BOOST_TEST((baseline.read({0x5000}, 2).value()[1] == std::byte{2}));
}

BOOST_AUTO_TEST_CASE(data_where_a_hole_was_is_compared_with_zeros) {
  Guest guest;
  auto baseline = guest.baseline();
  guest[size - 4096] = std::byte{0};  // touched, but nothing changed
  BOOST_TEST(guest.diff(baseline).empty());
  guest[size - 4096 + 9] = std::byte{7};
  const std::vector<ChangedPage> expected{
      {.page = {size - 4096}, .bytes = 1, .first = 9, .last = 9}};
  BOOST_TEST((guest.diff(baseline) == expected));
}

BOOST_AUTO_TEST_CASE(data_that_became_a_hole_is_compared_as_zeros) {
  Guest guest;
  auto baseline = guest.baseline();
  BOOST_REQUIRE(
      ::fallocate(guest.fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0x7000, 4096) == 0);
  const std::vector<ChangedPage> expected{
      {.page = {0x7000}, .bytes = 4096, .first = 0, .last = 4095}};
  BOOST_TEST((guest.diff(baseline) == expected));
}

BOOST_AUTO_TEST_CASE(excluded_ranges_are_left_out_by_whole_pages) {
  Guest guest;
  auto baseline = guest.baseline({{{0}, {0x1000}}, {{0x20001}, {0x20fff}}});
  guest[0x10] = std::byte{1};
  guest[0x20000] = std::byte{1};
  guest[0x21000] = std::byte{1};
  const auto changed = guest.diff(baseline);
  BOOST_REQUIRE(changed.size() == 1U);
  BOOST_TEST(changed[0].page.value == 0x21000U);
}

BOOST_AUTO_TEST_CASE(a_new_baseline_forgets_earlier_changes) {
  Guest guest;
  auto baseline = guest.baseline();
  guest[0x5000] = std::byte{1};
  guest[size - 1] = std::byte{1};
  BOOST_REQUIRE(baseline.take(guest.ram));
  BOOST_TEST(guest.diff(baseline).empty());
}

// prepare() once wrote zeros where a pass had stored what it saw.
BOOST_AUTO_TEST_CASE(preparing_again_keeps_what_the_baseline_holds) {
  Guest guest;
  auto baseline = guest.baseline();
  guest[size - 4096] = std::byte{7};
  BOOST_TEST(guest.diff(baseline).size() == 1U);
  BOOST_REQUIRE(baseline.prepare(guest.ram));
  BOOST_TEST(guest.diff(baseline).empty());
}

BOOST_AUTO_TEST_CASE(any_number_of_workers_and_any_page_size_find_the_same_bytes) {
  std::mt19937_64 random(7);
  Guest guest;
  for (const int workers : {1, 2, 5}) {
    for (const std::uint64_t page : {64ULL, 4096ULL, 65536ULL}) {
      auto baseline = guest.baseline();
      std::uint64_t written = 0;
      for (int i = 0; i < 300; ++i) {
        auto& byte = guest[random() % (size / 2)];
        written += byte != std::byte{0xa5} ? 1 : 0;
        byte = std::byte{0xa5};
      }
      std::uint64_t seen = 0;
      GuestPhys before{};
      for (const auto& changed : guest.diff(baseline, {.page = {page}, .workers = workers})) {
        BOOST_TEST((seen == 0 || before < changed.page));
        before = changed.page;
        seen += changed.bytes;
      }
      BOOST_TEST(seen == written);
      std::memset(guest.memory.writable().data(), 0x5a, size / 2);
    }
  }
}

BOOST_AUTO_TEST_CASE(senseless_options_are_refused) {
  Guest guest;
  auto baseline = guest.baseline();
  BOOST_TEST(!diff(baseline, guest.ram, {.page = {0}}).has_value());
  BOOST_TEST(!diff(baseline, guest.ram, {.page = {4095}}).has_value());
  BOOST_TEST(!diff(baseline, guest.ram, {.workers = 0}).has_value());
  BOOST_TEST(!diff(baseline, guest.ram, {.workers = 1000}).has_value());
}

BOOST_AUTO_TEST_CASE(the_baseline_of_another_guest_is_refused) {
  Guest guest;
  auto baseline = guest.baseline();
  const auto fd = memory_file("other", 4096).value();
  const auto other = GuestRam::map(fd.get(), 4_KiB).value();
  BOOST_TEST(!diff(baseline, other).has_value());
}

BOOST_AUTO_TEST_CASE(differences_are_counted_at_every_place) {
  for (std::size_t length = 1; length < 150; length += 7) {
    const std::vector<std::byte> a(length);
    for (std::size_t at = 0; at < length; ++at) {
      auto b = a;
      b[at] = std::byte{1};
      const auto found = difference(a, b);
      BOOST_TEST((found.bytes == 1 && found.first == at && found.last == at));
    }
    BOOST_TEST(difference(a, a).bytes == 0U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
