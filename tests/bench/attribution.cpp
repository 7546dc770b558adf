// SPDX-License-Identifier: GPL-2.0-or-later
// For how long the machine stands still so that each stray write can be told its writer: `quiesce
// run` of three devices that write at once, with the gating experiment.
#include <fmt/format.h>

#include <cstdlib>
#include <map>

#include "harness/base/process.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/checks/attribution.hpp"
#include "harness/evidence/run.hpp"
#include "tests/bench/median.hpp"

namespace {

using namespace quiesce;
using namespace quiesce::bench;

constexpr double target_s = 2;

/// What one run says about it.
struct Told {
  std::vector<evidence::GateWindow> windows;
  double stopped_s = 0;
  /// Stray pages by writer, and of those by what named it.
  std::map<std::string, std::map<checks::By, std::size_t>> pages;
};

Result<Told> run_once(const std::filesystem::path& folder) {
  const char* chosen = std::getenv("BENCH_QUIESCE");
  const std::string program = chosen != nullptr ? chosen : BENCH_QUIESCE;
  const std::string scenario = std::string(QUIESCE_SOURCE_ROOT) + "/tests/bench/attribution.json";
  TRY_ASSIGN(const Captured ran,
             capture({program, "run", scenario, "--out", folder.string()}, Seconds(1500)));
  const auto run = evidence::open(folder);
  if (!run)
    return tl::unexpected(run.error().because(
        fmt::format("quiesce run ended with {}: {}", ran.status.describe(), ran.error)));
  const auto who = checks::attribute(*run);
  Told told{.windows = evidence::gate_windows(run->timeline), .stopped_s = who.stopped_s};
  // One with everything as it was before and after those of the devices.
  if (told.windows.size() < 3)
    return fail(Errc::not_found,
                "the run has {} windows of the gating experiment; quiesce run ended with {}: {}",
                told.windows.size(), ran.status.describe(), ran.error);
  for (const auto& stray : who.strays) {
    std::string names = stray.by == checks::By::owner ? "no device" : "unknown";
    if (!stray.devices.empty()) names = fmt::format("{}", fmt::join(stray.devices, ", "));
    ++told.pages[names][stray.by];
  }
  return told;
}

void print_windows(const std::vector<Told>& runs) {
  fmt::print("| window | Bus Master off | machine stopped, s | longest run, s | pages |\n");
  fmt::print("|---|---|---|---|---|\n");
  for (std::size_t i = 0; i < runs.front().windows.size(); ++i) {
    std::vector<double> stopped;
    std::vector<double> pages;
    for (const auto& run : runs) {
      if (i >= run.windows.size()) continue;
      stopped.push_back(run.windows[i].stopped_s);
      pages.push_back(static_cast<double>(run.windows[i].pages.size()));
    }
    const std::string& off = runs.front().windows[i].off;
    fmt::print("| {} | {} | {:.3f} | {:.3f} | {:.0f} |\n", i + 1, off.empty() ? "none" : off,
               median(stopped), std::ranges::max(stopped), median(pages));
  }
  std::vector<double> totals;
  for (const auto& run : runs) totals.push_back(run.stopped_s);
  fmt::print("| all | target: < {:.0f} s | {:.3f} | {:.3f} |  |\n", target_s, median(totals),
             std::ranges::max(totals));
}

void print_writers(const Told& told) {
  constexpr checks::By kinds[] = {checks::By::tag, checks::By::ledger, checks::By::gating,
                                  checks::By::owner, checks::By::unknown};
  fmt::print("\n| writer of stray pages (last run) |");
  for (const auto by : kinds) fmt::print(" {} |", checks::to_string(by));
  fmt::print("\n|---|---|---|---|---|---|\n");
  for (const auto& [name, counts] : told.pages) {
    fmt::print("| {} |", name);
    for (const auto by : kinds) fmt::print(" {} |", counts.contains(by) ? counts.at(by) : 0);
    fmt::print("\n");
  }
}

int report(const Error& error) {
  fmt::print(stderr, "{}\n", error.describe());
  return 3;
}

}  // namespace

int main(int count, char** words) {
  const int wanted = count > 1 ? std::clamp(std::atoi(words[1]), 1, 99) : 1;
  auto folder = TempDir::create("quiesce-bench");
  if (!folder) return report(folder.error());
  std::vector<Told> runs;
  for (int i = 0; i < wanted; ++i) {
    auto told = run_once(folder->path() / fmt::format("run-{}", i));
    if (!told)
      return report(told.error().because("the evidence stays in " + folder->keep().string()));
    fmt::print(stderr, "run {}: {:.3f} s stopped\n", i + 1, told->stopped_s);
    runs.push_back(std::move(*told));
  }
  fmt::print("Medians of {} run{}; first and last window: everything as it was.\n\n", runs.size(),
             runs.size() == 1 ? "" : "s");
  print_windows(runs);
  print_writers(runs.back());
  return 0;
}
