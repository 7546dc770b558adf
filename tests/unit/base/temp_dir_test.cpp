// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/temp_dir.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

BOOST_AUTO_TEST_SUITE(base_temp_dir)

using namespace quiesce;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_CASE(the_folder_goes_with_all_in_it) {
  fs::path path;
  {
    const auto folder = TempDir::create();
    path = folder->path();
    fs::create_directories(path / "deep" / "deeper");
    std::ofstream(path / "deep" / "file") << "text";
  }
  BOOST_TEST(!fs::exists(path));
}

BOOST_AUTO_TEST_CASE(what_a_link_points_to_stays) {
  const auto outside = TempDir::create();
  {
    const auto folder = TempDir::create();
    fs::create_symlink(outside->path(), folder->path() / "link");
  }
  BOOST_TEST(fs::exists(outside->path()));
}

BOOST_AUTO_TEST_CASE(nobody_else_may_look_into_it) {
  const auto folder = TempDir::create();
  BOOST_TEST((fs::status(folder->path()).permissions() == fs::perms::owner_all));
}

BOOST_AUTO_TEST_CASE(two_folders_are_never_the_same) {
  const auto parent = TempDir::create();
  const auto first = TempDir::create_in(parent->path(), "x-");
  const auto second = TempDir::create_in(parent->path(), "x-");
  BOOST_TEST((first->path() != second->path()));
  BOOST_TEST((first->path().parent_path() == parent->path()));
  BOOST_TEST(first->path().filename().string().starts_with("x-"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_kept_stays) {
  const auto parent = TempDir::create();
  fs::path path;
  {
    auto folder = TempDir::create_in(parent->path());
    path = folder->keep();
  }
  BOOST_TEST(fs::exists(path));
}

// Assignment swapped: the old folder stayed as long as the object that it was moved from.
BOOST_AUTO_TEST_CASE(assignment_removes_what_was_there_at_once) {
  auto first = TempDir::create();
  auto second = TempDir::create();
  const fs::path replaced = first->path();
  const fs::path kept = second->path();
  *first = std::move(*second);
  BOOST_TEST(!fs::exists(replaced));
  BOOST_TEST(fs::exists(kept));
  BOOST_TEST((first->path() == kept));
}

// A relative parent made a relative path, which meant another folder after a chdir.
BOOST_AUTO_TEST_CASE(its_path_is_absolute) {
  const auto parent = TempDir::create();
  const fs::path before = fs::current_path();
  fs::current_path(parent->path());
  const auto folder = TempDir::create_in(".");
  fs::current_path(before);
  BOOST_TEST(folder->path().is_absolute());
  BOOST_TEST(fs::exists(folder->path()));
}

BOOST_AUTO_TEST_CASE(a_parent_that_is_not_there_is_named) {
  const auto folder = TempDir::create_in("/nonexistent");
  BOOST_TEST((folder.error().code() == Errc::not_found));
  BOOST_TEST(folder.error().message().find("/nonexistent") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
