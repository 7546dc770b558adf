// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/names.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(base_names)

using namespace quiesce;
using Names = std::vector<std::string>;

namespace {

const Names scenarios{"first-run", "e1000e", "reset-ladder", "virtio-blk", "virtio-net", "nvme"};

/// The one that is nearest, or empty.
std::string nearest(std::string_view word, const Names& candidates) {
  const auto near = nearest_names(word, candidates, 1);
  return near.empty() ? std::string() : near.front();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_nearest_word_is_one_slip_of_the_pen_away) {
  const Names keys{"cpus", "memory", "accel", "tcg", "kvm"};
  BOOST_TEST(nearest("cpu", keys) == "cpus");
  BOOST_TEST(nearest("memmory", keys) == "memory");
  BOOST_TEST(nearest("meomry", keys) == "memory");
  BOOST_TEST(nearest("accle", keys) == "accel");
  BOOST_TEST(nearest("tgc", keys) == "tcg");
}

BOOST_AUTO_TEST_CASE(a_word_that_is_like_none_has_no_nearest) {
  const Names keys{"cpus", "memory", "accel"};
  BOOST_TEST(nearest("kernel-parameters", keys).empty());
  BOOST_TEST(nearest("", keys).empty());
  BOOST_TEST(nearest("cpu", {}).empty());
}

// Two edits make any word of two letters out of any other.
BOOST_AUTO_TEST_CASE(a_short_word_is_no_slip_of_one_that_shares_nothing) {
  const Names keys{"at", "by"};
  BOOST_TEST(nearest("xz", keys).empty());
  BOOST_TEST(nearest("q", keys).empty());
  BOOST_TEST(nearest("bt", keys) == "at");
}

BOOST_AUTO_TEST_CASE(several_names_that_are_as_near_are_all_told_nearest_first) {
  const Names kernels{"debian:6.12", "debian:6.1", "debian:6.10"};
  BOOST_TEST(
      nearest_names("debain:6.1", kernels) == (Names{"debian:6.1", "debian:6.12", "debian:6.10"}),
      boost::test_tools::per_element());
  BOOST_TEST(nearest_names("debain:6.1", kernels, 1) == Names{"debian:6.1"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_name_that_is_further_than_the_nearest_by_more_than_a_letter_is_left_out) {
  const Names names{"reset-ladder", "preset-lader-x"};
  BOOST_TEST(nearest_names("reset-ladde", names) == Names{"reset-ladder"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(capital_letters_do_not_matter) {
  BOOST_TEST(nearest_names("E1000E", scenarios) == Names{"e1000e"},
             boost::test_tools::per_element());
  BOOST_TEST(nearest_names("vga", Names{"VGA"}) == Names{"VGA"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_whole_part_of_a_name_means_it) {
  BOOST_TEST(nearest_names("ladder", scenarios) == Names{"reset-ladder"},
             boost::test_tools::per_element());
  BOOST_TEST(nearest_names("virtio", scenarios) == (Names{"virtio-blk", "virtio-net"}),
             boost::test_tools::per_element());
  BOOST_TEST(nearest_names("adder", scenarios).empty());
  BOOST_TEST(nearest_names("net", Names{"ethernet"}).empty());
  BOOST_TEST(nearest_names("io", Names{"a-very-long-io"}).empty());
}

// "dma-deadline" brought nothing, though there is a "dma-at-entry".
BOOST_AUTO_TEST_CASE(at_last_the_same_beginning_will_do) {
  BOOST_TEST(nearest_names("reset-everything", scenarios) == Names{"reset-ladder"},
             boost::test_tools::per_element());
  BOOST_TEST(nearest_names("e-everything", scenarios).empty());
}

// The edit distance is quadratic.
BOOST_AUTO_TEST_CASE(a_text_of_megabytes_has_no_nearest_and_costs_nothing) {
  BOOST_TEST(nearest_names(std::string(1 << 24, 'e'), scenarios).empty());
}

BOOST_AUTO_TEST_CASE(the_question_names_one_two_or_three) {
  BOOST_TEST(did_you_mean("ab1", Names{"ab2"}) == "did you mean \"ab2\"?");
  BOOST_TEST(did_you_mean("ab1", Names{"ab2", "ab3"}) == "did you mean \"ab2\" or \"ab3\"?");
  BOOST_TEST(did_you_mean("ab1", Names{"ab2", "ab3", "ab4", "ab5"}) ==
             "did you mean \"ab2\", \"ab3\" or \"ab4\"?");
  BOOST_TEST(did_you_mean("xyz", Names{"ab2"}).empty());
}

BOOST_AUTO_TEST_CASE(the_sentence_has_the_nearest_and_the_command_that_shows_all) {
  BOOST_TEST(no_such("scenario", "first-rum", scenarios, "quiesce list scenarios") ==
             "there is no scenario \"first-rum\"; did you mean \"first-run\"? \"quiesce list "
             "scenarios\" shows all");
  BOOST_TEST(no_such("scenario", "zzzzzz", Names(20, "a"), "quiesce list scenarios") ==
             "there is no scenario \"zzzzzz\"; \"quiesce list scenarios\" shows all");
}

BOOST_AUTO_TEST_CASE(without_a_near_one_a_few_are_listed) {
  BOOST_TEST(no_such("role", "xxxx", Names{"build", "run"}) ==
             "there is no role \"xxxx\"; expected \"build\" or \"run\"");
}

BOOST_AUTO_TEST_CASE(a_hostile_word_is_shown_tamed) {
  BOOST_TEST(no_such("model", "a\x1b[31m\nb", {}) == "there is no model \"a b\"");
}

BOOST_AUTO_TEST_SUITE_END()
