// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/series.hpp"

namespace quiesce::dispatch {

using checks::Outcome;

namespace {

void drop_if_not_kept(const Series& series, const Judged& judged) {
  if (series.keep || series.repeat == 1 || judged.result.outcome != Outcome::pass) return;
  std::error_code ignored;
  std::filesystem::remove_all(judged.folder, ignored);
}

}  // namespace

Ran run_series(const std::vector<Job>& jobs, const Series& series, const CarryOut& carry_out,
               const OnJudged& on_judged) {
  Ran ran;
  const std::size_t count = jobs.size() * series.repeat;
  for (std::size_t at = 0; at < count; ++at) {
    const Job& job = jobs[at % jobs.size()];
    const Place place{.number = at + 1, .count = count};
    const Errand errand{.job = job,
                        .place = place,
                        .folder = folder_of(series.out, job.scenario.name, place, series.stamp)};
    const auto judged = carry_out(errand);
    if (!judged) {
      ran.refused = Ran::Refused{judged.error(), &job};
      return ran;
    }
    on_judged(errand, *judged);
    ran.outcomes.push_back(judged->result.outcome);
    drop_if_not_kept(series, *judged);
    if (ran.outcomes.back() == Outcome::interrupted) break;
  }
  return ran;
}

}  // namespace quiesce::dispatch
