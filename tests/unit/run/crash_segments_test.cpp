// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/crash_segments.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>

#include "harness/base/fd.hpp"
#include "harness/base/mapping.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(run_crash_segments)

using namespace quiesce;
using run::CrashSegment;

namespace {

constexpr Bytes ram_size = 64_MiB;
constexpr PhysRange region{{0x1000000}, {0x3000000}};

void put32(std::string& bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

struct Fixture {
  TempDir dir = TempDir::create().value();
  Fd file = memory_file("ram", ram_size.value).value();
  Mapping memory =
      Mapping::of_file(file.get(), ram_size.value, Mapping::Access::read_write).value();
  scenario::BootImage capture{.image = dir.path() / "vmlinuz",
                              .initramfs = dir.path() / "initramfs"};
  std::string kernel = std::string(4096, 's') + std::string(64, 'p') + std::string(8128, 'q');
  std::string initramfs = "07070100000001" + std::string(5000, 'i');

  Fixture() {
    kernel[0x1f1] = 7;  // setup sectors: the protected-mode part begins at 8 * 512
    put32(kernel, 0x260, 0x500000);
    BOOST_REQUIRE(replace_file(capture.image, kernel));
    BOOST_REQUIRE(replace_file(capture.initramfs, initramfs));
  }
  void lay(std::uint64_t at, std::string_view bytes) {
    std::memcpy(memory.writable().data() + at, bytes.data(), bytes.size());
  }
  void lay_core_header(std::uint64_t at) {
    std::string header = std::string("\x7f") + "ELF\x02\x01\x01" + std::string(57, '\0');
    header[16] = 4;
    lay(at, header);
  }
  void lay_sha256_table(std::uint64_t at) {
    std::string table(16, '\0');
    const std::uint32_t words[] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5};
    for (std::size_t i = 0; i < 4; ++i) put32(table, 4 * i, words[i]);
    lay(at, table);
  }
  std::vector<std::string> found() {
    const auto ram = observe::GuestRam::map(file.get(), ram_size).value();
    auto segments = run::find_crash_segments(ram, region, capture).value();
    std::ranges::sort(segments, {}, [](const auto& segment) { return segment.range.begin; });
    std::vector<std::string> texts;
    for (const auto& [name, range] : segments)
      texts.push_back(fmt::format("{} {:#x} {:#x}", name, range.begin.value, range.end.value));
    return texts;
  }
};
using Texts = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_CASE(all_segments_are_found_by_their_looks, Fixture) {
  lay(0x2000000, std::string_view(kernel).substr(4096));
  lay(0x1800000, initramfs);
  lay_core_header(0x1100000);
  lay_sha256_table(0x1205123);
  BOOST_TEST(found() == (Texts{"elfcorehdr 0x1100000 0x1101000", "purgatory 0x11fd000 0x120d000",
                               fmt::format("initramfs 0x1800000 {:#x}", 0x1800000 + 5014),
                               "kernel 0x2000000 0x2500000"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_empty_region_holds_nothing, Fixture) {
  BOOST_TEST(found().empty());
}

BOOST_FIXTURE_TEST_CASE(what_lies_outside_of_the_region_or_at_no_pages_start_is_not_taken,
                        Fixture) {
  lay(0x800000, std::string_view(kernel).substr(4096));
  lay_core_header(0x3000000);
  lay(0x1800010, initramfs);
  BOOST_TEST(found().empty());
}

BOOST_FIXTURE_TEST_CASE(the_digest_table_within_the_kernel_is_not_purgatory, Fixture) {
  lay(0x2000000, std::string_view(kernel).substr(4096));
  lay_sha256_table(0x2100000);
  BOOST_TEST(found() == Texts{"kernel 0x2000000 0x2500000"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(purgatory_at_the_regions_edge_stays_within_it, Fixture) {
  lay_sha256_table(0x1000000);
  lay_sha256_table(0x2fff000);
  BOOST_TEST(found() == (Texts{"purgatory 0x1000000 0x1008000", "purgatory 0x2ff7000 0x3000000"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(images_that_cannot_be_read_leave_the_rest, Fixture) {
  capture.image = dir.path() / "nothing";
  BOOST_REQUIRE(replace_file(capture.initramfs, "short"));
  lay(0x2000000, std::string_view(kernel).substr(4096));
  lay_core_header(0x1100000);
  BOOST_TEST(found() == Texts{"elfcorehdr 0x1100000 0x1101000"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
