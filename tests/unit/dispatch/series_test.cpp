// SPDX-License-Identifier: GPL-2.0-or-later
// The order of several runs, and when a series ends; no run is done here.
#include "harness/dispatch/series.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "harness/base/fd.hpp"
#include "harness/base/temp_dir.hpp"

BOOST_AUTO_TEST_SUITE(dispatch_series)

using namespace quiesce;
using checks::Outcome;
using dispatch::Errand;
using dispatch::Job;
using dispatch::Judged;
using Texts = std::vector<std::string>;

namespace {

/// Does a series whose runs come out as they are told to.
struct Rehearsal {
  TempDir dir = TempDir::create().value();
  std::vector<Job> jobs{{.scenario = {.name = "a"}}, {.scenario = {.name = "b"}}};
  dispatch::Series series{.repeat = 2, .out = dir.path(), .stamp = "now"};
  /// The next run's outcome; an error when there is none left.
  std::vector<Outcome> outcomes;
  Texts told;

  dispatch::Ran go() {
    std::size_t next = 0;
    return run_series(
        jobs, series,
        [&](const Errand& errand) -> Result<Judged> {
          if (next == outcomes.size()) return fail(Errc::closed, "QEMU is gone");
          std::filesystem::create_directories(errand.folder);
          Judged judged{.result = {}, .folder = errand.folder};
          judged.result.outcome = outcomes[next++];
          return judged;
        },
        [&](const Errand& errand, const Judged& judged) {
          // What is told of is there still.
          BOOST_TEST(std::filesystem::exists(judged.folder));
          told.push_back(fmt::format("{} of {}: {}", errand.place.number, errand.place.count,
                                     errand.job.scenario.name));
        });
  }
  Texts left() const {
    Texts names;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
      names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(all_jobs_are_run_and_then_all_again, Rehearsal) {
  outcomes = {Outcome::pass, Outcome::fail, Outcome::pass, Outcome::pass};
  const auto ran = go();
  BOOST_TEST(!ran.refused);
  BOOST_TEST((ran.outcomes == outcomes));
  BOOST_TEST(told == (Texts{"1 of 4: a", "2 of 4: b", "3 of 4: a", "4 of 4: b"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(of_passing_repetitions_nothing_is_left, Rehearsal) {
  outcomes = {Outcome::pass, Outcome::fail, Outcome::inconclusive, Outcome::pass};
  go();
  BOOST_TEST(left() == (Texts{"002-b", "003-a"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_is_to_be_kept_and_what_is_run_once_stays, Rehearsal) {
  outcomes = {Outcome::pass, Outcome::pass, Outcome::pass, Outcome::pass};
  series.keep = true;
  go();
  BOOST_TEST(left().size() == 4U);
  Rehearsal once;
  once.series.repeat = 1;
  once.outcomes = {Outcome::pass, Outcome::pass};
  once.go();
  BOOST_TEST(once.left().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(an_interruption_ends_the_series, Rehearsal) {
  outcomes = {Outcome::pass, Outcome::interrupted, Outcome::pass};
  const auto ran = go();
  BOOST_TEST(!ran.refused);
  BOOST_TEST(ran.outcomes.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_could_not_be_run_ends_it_and_keeps_what_was_found, Rehearsal) {
  outcomes = {Outcome::fail};
  const auto ran = go();
  BOOST_REQUIRE(ran.refused);
  BOOST_TEST(ran.refused->job->scenario.name == "b");
  BOOST_TEST(ran.refused->error.describe() == "QEMU is gone");
  BOOST_TEST((ran.outcomes == std::vector{Outcome::fail}));
}

BOOST_AUTO_TEST_SUITE_END()
