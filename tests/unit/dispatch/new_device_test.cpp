// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/new_device.hpp"

#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_new_device)

using namespace quiesce;

BOOST_AUTO_TEST_CASE(a_profile_is_written_once_and_replaces_nothing) {
  const TempDir dir = TempDir::create().value();
  const dispatch::DraftedDevice drafted{.file = dir.path() / "card.json", .draft = {}};
  BOOST_REQUIRE(dispatch::write_draft(drafted));
  const std::string written = read_file(drafted.file).value();
  BOOST_TEST(written.find('{') != std::string::npos);
  const auto again = dispatch::write_draft(drafted);
  BOOST_REQUIRE(!again);
  BOOST_TEST(again.error().describe() == drafted.file.string() +
                                             " is there already; choose another name with --out, "
                                             "or remove it");
  BOOST_TEST(read_file(drafted.file).value() == written);
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_there_is_named) {
  const TempDir dir = TempDir::create().value();
  const auto checked = dispatch::check_new_file(dir.path() / "none/card.json");
  BOOST_REQUIRE(!checked);
  BOOST_TEST(checked.error().describe() ==
             "there is no folder " + (dir.path() / "none").string() + " for card.json");
}

BOOST_AUTO_TEST_CASE(a_bare_name_is_given_to_run_as_a_file) {
  BOOST_TEST(dispatch::device_word("card.json") == "./card.json");
  BOOST_TEST(dispatch::device_word("here/card.json") == "here/card.json");
}

BOOST_AUTO_TEST_SUITE_END()
