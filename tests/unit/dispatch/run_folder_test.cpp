// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/run_folder.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_run_folder)

using namespace quiesce;
using dispatch::check_folder;
using dispatch::folder_of;

BOOST_AUTO_TEST_CASE(one_run_gets_the_folder_that_was_named) {
  BOOST_TEST(folder_of("out", "first-run", {.number = 1, .count = 1}, "now") == "out");
}

BOOST_AUTO_TEST_CASE(several_runs_get_numbered_folders_inside_it) {
  BOOST_TEST(folder_of("out", "first-run", {.number = 12, .count = 30}, "now") ==
             "out/012-first-run");
}

BOOST_AUTO_TEST_CASE(without_a_folder_it_is_named_by_scenario_and_time) {
  BOOST_TEST(folder_of("", "first-run", {.number = 1, .count = 1}, "20261123-101500-7") ==
             "runs/first-run-20261123-101500-7");
  BOOST_TEST(folder_of("", "first-run", {.number = 2, .count = 3}, "20261123-101500-7") ==
             "runs/first-run-20261123-101500-7-002");
}

BOOST_AUTO_TEST_CASE(a_cell_of_a_matrix_makes_no_folder_in_between) {
  BOOST_TEST(folder_of("out", "x/cpus=1, memory=2GiB", {.number = 1, .count = 2}, "now") ==
             "out/001-x_cpus=1,_memory=2GiB");
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_new_or_empty_is_taken) {
  const TempDir dir = TempDir::create().value();
  BOOST_TEST(check_folder(dir.path()).has_value());
  BOOST_TEST(check_folder(dir.path() / "a/b/c").has_value());
}

BOOST_AUTO_TEST_CASE(a_folder_with_something_in_it_is_refused_with_the_remedy) {
  const TempDir dir = TempDir::create().value();
  BOOST_REQUIRE(replace_file(dir.path() / "file", "x"));
  const auto full = check_folder(dir.path());
  BOOST_REQUIRE(!full);
  BOOST_TEST(full.error().describe() == "the output folder " + dir.path().string() +
                                            " is not empty; choose another with --out, or remove "
                                            "it");
  const auto file = check_folder(dir.path() / "file");
  BOOST_REQUIRE(!file);
  BOOST_TEST(file.error().describe().find("is no folder") != std::string::npos);
  const auto below = check_folder(dir.path() / "file/run");
  BOOST_REQUIRE(!below);
  BOOST_TEST(below.error().describe().find("cannot be created") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
