// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/archive.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_archive)

namespace fs = std::filesystem;
using namespace made_up;

namespace {

bool everything(std::string_view) {
  return true;
}

std::string refusal(const Bench& bench, const fs::path& deb) {
  auto result = unpack_deb(deb, bench.at("out"), everything);
  BOOST_REQUIRE(!result);
  return bench.without_path(result.error().describe());
}

}  // namespace

BOOST_AUTO_TEST_CASE(packages_of_every_compression_are_unpacked) {
  for (const std::string compression : {"none", "gz", "xz", "zst"}) {
    const Bench bench;
    write_deb(bench.at("a.deb"), {{"boot/vmlinuz-1", "kernel"}, {"usr/share/doc/x", "text"}},
              compression);
    const auto wanted = [](std::string_view path) { return path.starts_with("boot/"); };
    auto result = unpack_deb(bench.at("a.deb"), bench.at("out"), wanted);
    BOOST_REQUIRE_MESSAGE(result.has_value(), compression);
    BOOST_TEST(read(bench.at("out/boot/vmlinuz-1")) == "kernel");
    BOOST_TEST(!fs::exists(bench.at("out/usr")));
  }
}

BOOST_AUTO_TEST_CASE(a_package_cannot_write_outside_its_folder) {
  const Bench bench;
  write_deb(bench.at("a.deb"), {{"../../evil", "x"}, {"boot/../../evil2", "x"}, {"good", "x"}},
            "gz");
  BOOST_REQUIRE(unpack_deb(bench.at("a.deb"), bench.at("out"), everything));
  BOOST_TEST(fs::exists(bench.at("out/good")));
  BOOST_TEST(!fs::exists(bench.at("evil")));
  BOOST_TEST(!fs::exists(bench.at("evil2")));
  BOOST_TEST(std::distance(fs::directory_iterator(bench.at("out")), fs::directory_iterator()) == 1);
}

BOOST_AUTO_TEST_CASE(links_of_a_package_are_made_when_they_stay_in_the_folder) {
  const Bench bench;
  write_deb(bench.at("a.deb"), {{"lib/libx.so.4.0", "library"}, {"lib/taken", "file"}}, "xz",
            {{"./lib/libx.so.4", "libx.so.4.0"},
             {"./lib/deep/up", "../libx.so.4"},
             {"./etc/absolute", "/lib/libx.so.4.0"},
             {"./lib/taken", "libx.so.4.0"},
             {"./a-link", "lib"},
             {"./a-link/behind", ".."},
             {"./out", "../outside"},
             {"./lib/sly", "deep/../../../outside"},
             {"./lib/far", "../../outside"},
             {"./lib/far-absolute", "/../outside"}});
  std::vector<ArchiveLink> links;
  BOOST_REQUIRE(unpack_deb(bench.at("a.deb"), bench.at("out"), everything, &links));
  BOOST_TEST(links.size() == 10U);
  BOOST_TEST(!fs::exists(bench.at("out/lib/libx.so.4")));
  BOOST_REQUIRE(make_links(bench.at("out"), links));
  BOOST_TEST(read(bench.at("out/lib/libx.so.4")) == "library");
  BOOST_TEST(read(bench.at("out/lib/deep/up")) == "library");
  BOOST_TEST(read(bench.at("out/etc/absolute")) == "library");
  BOOST_TEST(read(bench.at("out/lib/taken")) == "file");
  for (const char* name :
       {"out/out", "out/lib/sly", "out/lib/far", "out/lib/far-absolute", "out/lib/behind"})
    BOOST_TEST((fs::symlink_status(bench.at(name)).type() == fs::file_type::not_found), name);
}

BOOST_AUTO_TEST_CASE(what_is_no_package_is_refused_by_name) {
  const Bench bench;
  write(bench.at("text.deb"), "hello");
  BOOST_TEST(refusal(bench, bench.at("text.deb")) == "BENCH/text.deb is no Debian package");
  write(bench.at("empty.deb"), "");
  BOOST_TEST(refusal(bench, bench.at("empty.deb")) == "BENCH/empty.deb is no Debian package");
  BOOST_TEST(refusal(bench, bench.at("none.deb")) ==
             "cannot open BENCH/none.deb: No such file or directory");
  write_deb(bench.at("whole.deb"), {{"boot/vmlinuz-1", std::string(100'000, 'k')}}, "xz");
  const std::string whole = read(bench.at("whole.deb"));
  write(bench.at("headless.deb"), whole.substr(0, 72));
  BOOST_TEST(refusal(bench, bench.at("headless.deb")) ==
             "BENCH/headless.deb is damaged: it has no data.tar");
  write(bench.at("cut.deb"), whole.substr(0, whole.size() - 60));
  BOOST_TEST(refusal(bench, bench.at("cut.deb")).starts_with("BENCH/cut.deb is damaged: "));
}

BOOST_AUTO_TEST_CASE(single_files_are_decompressed_by_their_magic) {
  for (const std::string compression : {"none", "gz", "xz", "zst"})
    BOOST_TEST(decompress(compress("some text", compression), "it").value() == "some text");
  BOOST_TEST(decompress("", "it").value().empty());
}

BOOST_AUTO_TEST_CASE(a_cut_file_is_damaged) {
  const std::string packed = compress(std::string(10'000, 'x') + "end", "xz");
  auto cut =
      decompress(std::string_view(packed).substr(0, packed.size() / 2), "the module a.ko.xz");
  BOOST_REQUIRE(!cut);
  BOOST_TEST(cut.error().message().starts_with("the module a.ko.xz is damaged: "));
}

BOOST_AUTO_TEST_CASE(a_cpio_archive_is_the_same_at_every_time) {
  const Bench bench;
  using Kind = CpioEntry::Kind;
  const auto text = []() -> Result<std::string> { return "five5"; };
  const std::vector<CpioEntry> entries = {
      {"dev", Kind::folder, 0755, {}, {}, 0, 0},
      {"dev/console", Kind::character_device, 0600, {}, {}, 5, 1},
      {"init", Kind::file, 0755, text, {}, 0, 0},
      {"usr", Kind::link, 0777, {}, ".", 0, 0},
  };
  BOOST_REQUIRE(write_cpio(bench.at("a"), entries));
  BOOST_REQUIRE(write_cpio(bench.at("b"), entries));
  BOOST_TEST(read(bench.at("a")) == read(bench.at("b")));
  const auto back = read_cpio(bench.at("a"));
  BOOST_REQUIRE(back.size() == 4U);
  BOOST_TEST(back[0].second == "40755 ");
  BOOST_TEST(back[1].second == "20600 5:1");
  BOOST_TEST(back[2].second == "100755 five5");
  BOOST_TEST(back[3].second == "120777 .");
  BOOST_TEST(read(bench.at("a")).size() % 4 == 0U);
}

BOOST_AUTO_TEST_CASE(a_cpio_archive_that_cannot_be_written_is_an_error) {
  auto full = write_cpio("/dev/full", {{"dev", CpioEntry::Kind::folder, 0755, {}, {}, 0, 0}});
  BOOST_REQUIRE(!full);
  BOOST_TEST(to_string(full.error().code()) == "no-space");
  auto failing = []() -> Result<std::string> { return fail(Errc::io, "gone"); };
  const Bench bench;
  auto lost = write_cpio(bench.at("a"), {{"x", CpioEntry::Kind::file, 0644, failing, {}, 0, 0}});
  BOOST_REQUIRE(!lost);
  BOOST_TEST(lost.error().message() == "gone");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
