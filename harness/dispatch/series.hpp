// SPDX-License-Identifier: GPL-2.0-or-later
// Several runs, one after the other.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/dispatch/jobs.hpp"
#include "harness/dispatch/judging.hpp"
#include "harness/dispatch/run_folder.hpp"

namespace quiesce::dispatch {

/// How often, and what becomes of the evidence.
struct Series {
  std::size_t repeat = 1;     ///< each job so many times: all jobs, then all again
  bool keep = false;          ///< of passing repetitions, too
  std::filesystem::path out;  ///< as the user gave it; empty: below runs/
  std::string stamp;          ///< for names below runs/
};

/// One run of a series.
struct Errand {
  const Job& job;
  Place place;
  std::filesystem::path folder;
};

/// What becomes of an errand; how runs are done is not the series' business.
using CarryOut = std::function<Result<Judged>(const Errand& errand)>;
/// Told of each run as soon as it is judged.
using OnJudged = std::function<void(const Errand& errand, const Judged& judged)>;

/// How a series went.
struct Ran {
  std::vector<checks::Outcome> outcomes;
  /// What could not even be run, which ended the series: the error, and the job.
  struct Refused {
    Error error;
    const Job* job;
  };
  std::optional<Refused> refused;
};

/// Ends after the last run, after the first that could not be run, and after one that was
/// interrupted. Evidence of passing repetitions is removed unless `keep`.
Ran run_series(const std::vector<Job>& jobs, const Series& series, const CarryOut& carry_out,
               const OnJudged& on_judged);

}  // namespace quiesce::dispatch
