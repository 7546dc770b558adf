// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/store.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/unit/builder/made_up.hpp"
#include "vm-images/builder/digest.hpp"

namespace quiesce::builder {

BOOST_AUTO_TEST_SUITE(builder_store)

namespace fs = std::filesystem;
using namespace made_up;

namespace {

void age(const fs::path& path) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(1));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_draft_that_is_not_published_leaves_nothing) {
  const Bench bench;
  {
    auto draft = Draft::create(bench.store);
    BOOST_REQUIRE(draft);
    write(draft->path() / "half", "x");
  }
  BOOST_TEST(fs::is_empty(bench.at("store/tmp")));
}

BOOST_AUTO_TEST_CASE(of_two_drafts_for_one_place_the_first_stays) {
  const Bench bench;
  auto first = Draft::create(bench.store);
  auto second = Draft::create(bench.store);
  BOOST_REQUIRE(first && second);
  write(first->path() / "content", "first");
  write(second->path() / "content", "second");
  const fs::path place = bench.at("store/images/key");
  BOOST_REQUIRE(first->publish(place, {{"name", "one"}}));
  BOOST_REQUIRE(second->publish(place, {{"name", "two"}}));
  BOOST_TEST(read(place / "content") == "first");
  BOOST_TEST(text_of(*item_facts(place), "name") == "one");
}

BOOST_AUTO_TEST_CASE(an_item_without_its_facts_is_not_used_and_gets_replaced) {
  const Bench bench;
  const fs::path place = bench.at("store/kernels/key");
  for (const std::string damage : {"", "{", "[]"}) {
    write(place / "content", "half");
    write(place / item_file, damage);
    BOOST_TEST(!item_facts(place));
    BOOST_TEST(list(bench.store).empty());
    auto draft = Draft::create(bench.store);
    BOOST_REQUIRE(draft);
    write(draft->path() / "content", "whole");
    BOOST_REQUIRE(draft->publish(place, {{"name", "k"}}));
    BOOST_TEST(read(place / "content") == "whole");
    fs::remove_all(place);
  }
}

BOOST_AUTO_TEST_CASE(what_a_killed_process_left_is_swept_and_what_is_in_use_is_not) {
  const Bench bench;
  auto draft = Draft::create(bench.store);
  BOOST_REQUIRE(draft);
  fs::create_directories(bench.at("store/tmp/dead"));
  fs::create_directories(bench.at("store/tmp/newborn"));
  age(bench.at("store/tmp/dead"));
  age(draft->path());
  sweep(bench.store);
  BOOST_TEST(!fs::exists(bench.at("store/tmp/dead")));
  BOOST_TEST(fs::exists(bench.at("store/tmp/newborn")));
  BOOST_TEST(fs::exists(draft->path()));
}

BOOST_AUTO_TEST_CASE(cleaning_removes_all_and_says_how_much) {
  const Bench bench;
  write(bench.at("store/kernels/k/item.json"), "{\"name\": \"k\", \"release\": \"6.1\"}");
  write(bench.at("store/kernels/k/big"), std::string(1000, 'x'));
  write(bench.at("store/digests.json"), "{}");
  // Was made on the side by who wrote there, and so stayed.
  write(bench.at("store/aliases/a"), "");
  BOOST_TEST(list(bench.store).at(0).name == "k (6.1)");
  BOOST_TEST(clean(bench.store).value().value == 1033U);
  BOOST_TEST(list(bench.store).empty());
  BOOST_TEST(!fs::exists(bench.at("store/aliases/a")));
  BOOST_TEST(Draft::create(bench.store).has_value());
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_made_names_the_remedy) {
  auto store = Store::open("/proc/none");
  BOOST_REQUIRE(!store);
  BOOST_TEST(store.error().message() ==
             "no folder for kernels and images; set QUIESCE_CACHE to one");
}

BOOST_AUTO_TEST_CASE(any_name_is_a_file_name) {
  BOOST_TEST(file_name_for("debian:6.1") == "debian_3a6.1");
  BOOST_TEST(file_name_for("../x") == "_2e._2fx");
  for (const std::string text : {"debian:6.1-rt", "../x", "a_b", "_", "", "\x01\xff"})
    BOOST_TEST(text_of_file_name(file_name_for(text)) == text);
  BOOST_TEST(text_of_file_name("_") == "_");
  BOOST_TEST(text_of_file_name("_2") == "_2");
  BOOST_TEST(text_of_file_name("_xy") == "_xy");
}

BOOST_AUTO_TEST_CASE(a_kernel_that_was_fetched_is_among_the_names_whole_or_not_at_all) {
  const Bench bench;
  write(bench.at("store/names/debian_3a0.1-odd"), "key\n");
  const auto has = [&] {
    const auto names = kernel_names(bench.store);
    return std::count(names.begin(), names.end(), "debian:0.1-odd");
  };
  BOOST_TEST(has() == 0);
  BOOST_TEST(stored_release("debian:0.1-odd", bench.store) == "");
  write(bench.at("store/kernels/key/item.json"), "{\"release\": \"0.1.2\"}");
  BOOST_TEST(has() == 1);
  BOOST_TEST(stored_release("debian:0.1-odd", bench.store) == "0.1.2");
}

BOOST_AUTO_TEST_CASE(digests_are_known_values) {
  BOOST_TEST(sha256("abc") ==  // FIPS 180-4, example of SHA-256
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(a_settled_files_digest_is_remembered_and_a_fresh_ones_is_not) {
  const Bench bench;
  write(bench.at("fresh"), "abc");
  auto digests = Digests::load(bench.at("digests.json"));
  BOOST_TEST(digests.of_file(bench.at("fresh")).value() == sha256("abc"));
  BOOST_REQUIRE(digests.save());
  BOOST_TEST(!fs::exists(bench.at("digests.json")));
  // /bin/sh has not changed in the last seconds.
  const std::string shell = digests.of_file("/bin/sh").value();
  BOOST_REQUIRE(digests.save());
  BOOST_TEST(read(bench.at("digests.json")).find(shell) != std::string::npos);
  BOOST_TEST(Digests::load(bench.at("digests.json")).of_file("/bin/sh").value() == shell);
}

BOOST_AUTO_TEST_CASE(a_damaged_memory_of_digests_is_forgotten) {
  const Bench bench;
  write(bench.at("a"), "abc");
  for (const std::string damage : {"", "{", "[1]", "{\"x\": 1}"}) {
    write(bench.at("digests.json"), damage);
    auto digests = Digests::load(bench.at("digests.json"));
    BOOST_TEST(digests.of_file(bench.at("a")).value() == sha256("abc"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace quiesce::builder
