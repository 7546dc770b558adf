// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/exit_codes.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(cli_exit_codes)

using namespace quiesce;
using checks::Outcome;
using cli::exit_code_of;
using cli::For;

BOOST_AUTO_TEST_CASE(the_worst_of_all_runs_decides) {
  BOOST_TEST(exit_code_of({Outcome::pass, Outcome::pass}, For::people) == 0);
  BOOST_TEST(exit_code_of({Outcome::pass, Outcome::skip}, For::people) == 77);
  BOOST_TEST(exit_code_of({Outcome::inconclusive, Outcome::skip}, For::people) == 4);
  BOOST_TEST(exit_code_of({Outcome::inconclusive, Outcome::fail, Outcome::pass}, For::people) == 1);
  BOOST_TEST(exit_code_of({Outcome::fail, Outcome::error}, For::people) == 3);
  BOOST_TEST(exit_code_of({Outcome::error, Outcome::interrupted}, For::people) == 130);
}

// 1 to 124 mean a bad commit to git bisect: only a check that failed may give one.
BOOST_AUTO_TEST_CASE(for_git_what_was_lost_is_never_bad) {
  BOOST_TEST(exit_code_of({Outcome::pass}, For::bisect) == 0);
  BOOST_TEST(exit_code_of({Outcome::fail}, For::bisect) == 1);
  BOOST_TEST(exit_code_of({Outcome::error}, For::bisect) == 125);
  BOOST_TEST(exit_code_of({Outcome::inconclusive, Outcome::pass}, For::bisect) == 125);
  BOOST_TEST(exit_code_of({Outcome::skip}, For::bisect) == 125);
  BOOST_TEST(exit_code_of({Outcome::interrupted}, For::bisect) == 130);
}

BOOST_AUTO_TEST_CASE(for_git_one_failure_outweighs_a_run_that_was_lost) {
  BOOST_TEST(exit_code_of({Outcome::fail, Outcome::error}, For::bisect) == 1);
  BOOST_TEST(exit_code_of({Outcome::fail, Outcome::interrupted}, For::bisect) == 130);
}

BOOST_AUTO_TEST_CASE(without_output_a_call_has_failed_unless_its_code_is_the_answer) {
  using cli::exit_code_without_output;
  BOOST_TEST(exit_code_without_output(0, cli::For::people) == 3);
  BOOST_TEST(exit_code_without_output(1, cli::For::people) == 3);
  BOOST_TEST(exit_code_without_output(130, cli::For::people) == 130);
  BOOST_TEST(exit_code_without_output(1, cli::For::bisect) == 1);
}

BOOST_AUTO_TEST_SUITE_END()
