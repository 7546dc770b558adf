// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/dma/strays.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/record/events_watch.hpp"

namespace quiesce::checks {

namespace {

/// Longest time without a pass of the watch, seconds; a pass takes a tenth of a second for each
/// GiB.
constexpr double longest_gap = 5.0;

/// When each frame was given to its device: (device, sequence) -> time.
using FeedTimes = std::map<std::pair<std::string, std::uint64_t>, double>;

FeedTimes feed_times(const evidence::Run& run) {
  FeedTimes times;
  for (const auto& feed : run.events<record::event::Feed>())
    if (feed.sequence) times[{feed.device, *feed.sequence}] = feed.t;
  return times;
}

/// Frames carry their own time: a frame in memory was written after it was fed.
void add_feed_times(Strays& strays, const evidence::StrayPage& stray, const FeedTimes& times) {
  for (const auto& origin : stray.tags) {
    if (origin.foreign || origin.tag.kind != TagKind::frame) continue;
    const auto fed = times.find({origin.tag.device, origin.tag.sequence});
    if (fed == times.end()) continue;
    Tally& tally = strays.by_device[origin.tag.device];
    tally.last_fed = std::max(tally.last_fed.value_or(fed->second), fed->second);
    tally.last_since = std::max(tally.last_since, fed->second);
  }
}

}  // namespace

void Tally::add(const evidence::StrayPage& stray, double since, double deadline) {
  pages.insert(stray.page.value);
  bytes += stray.bytes;
  if (since >= deadline) {
    late.insert(stray.page.value);
    late_bytes += stray.bytes;
  } else if (stray.t > deadline) {
    straddling.insert(stray.page.value);
    straddles_until = std::max(straddles_until, stray.t);
  }
  first = std::min(first.value_or(stray.t), stray.t);
  if (!last || stray.t >= *last) {
    last = stray.t;
    last_since = std::max(since, last_fed.value_or(since));
  }
}

Strays sort_strays(const evidence::Run& run, double handover, double deadline) {
  Strays strays;
  const FeedTimes times = feed_times(run);
  strays.attribution = attribute(run);
  for (std::size_t i = 0; i < run.strays.size(); ++i) {
    const auto& stray = run.strays[i];
    const Attributed& writer = strays.attribution.strays[i];
    if (stray.t <= handover) continue;
    if (!stray.owner.empty()) {
      ++strays.owned[stray.owner];
      continue;
    }
    // The baseline is of the handover, whatever the pass before it was.
    const double since = std::max(stray.since, handover);
    strays.all.add(stray, since, deadline);
    const auto by = static_cast<std::size_t>(writer.by);
    ++strays.all.by.at(by);
    const auto nobody = std::vector<std::string>{""};
    for (const std::string& device : writer.devices.empty() ? nobody : writer.devices) {
      Tally& tally = strays.by_device[device];
      tally.add(stray, since, deadline);
      ++tally.by.at(by);
    }
    add_feed_times(strays, stray, times);
  }
  return strays;
}

Watch look_at_watch(const evidence::Run& run, const Story& story) {
  Watch watch;
  std::vector<double> passes;
  for (const auto& pass : run.events<record::event::WatchPass>())
    if (story.handover && pass.t >= *story.handover) passes.push_back(pass.t);
  std::sort(passes.begin(), passes.end());
  watch.passes = passes.size();
  if (passes.empty()) {
    watch.problem = "no pass of the watch was made after the handover";
    return watch;
  }
  if (story.capture_end) passes.push_back(std::max(*story.capture_end, passes.back()));
  double before = *story.handover;
  double gap_at = before;
  for (const double pass : passes) {
    if (pass - before > watch.longest_gap) {
      watch.longest_gap = pass - before;
      gap_at = before;
    }
    before = pass;
  }
  watch.gap_from = gap_at - *story.handover;
  watch.reached_end = story.capture_end.has_value();
  if (!story.capture_end)
    watch.problem = "the run did not reach its end";
  else if (watch.longest_gap > longest_gap)
    watch.problem = fmt::format("nobody watched for {:.1f} s from +{:.1f} s on", watch.longest_gap,
                                watch.gap_from);
  return watch;
}

}  // namespace quiesce::checks
