// SPDX-License-Identifier: GPL-2.0-or-later
// For how long the machine stands still so that each stray write can be told its writer: `quiesce
// run` of three devices that write at once, with the gating experiment.
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <span>

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

Result<Told> read(const std::filesystem::path& folder) {
  TRY_ASSIGN(const evidence::Run run, evidence::open(folder));
  const auto who = checks::attribute(run);
  Told told{.windows = evidence::gate_windows(run), .stopped_s = who.stopped_s};
  // One with everything as it was before and after those of the devices.
  if (told.windows.size() < 3)
    return fail(Errc::not_found, "{} has {} windows of the gating experiment", folder.string(),
                told.windows.size());
  for (const auto& stray : who.strays) {
    const std::string names = fmt::format("{}", fmt::join(stray.devices, ", "));
    ++told.pages[names.empty() ? "nobody named" : names][stray.by];
  }
  return told;
}

Result<Told> run_once(const std::filesystem::path& folder) {
  const char* chosen = std::getenv("BENCH_QUIESCE");
  const std::string program = chosen != nullptr ? chosen : BENCH_QUIESCE;
  const std::string scenario = std::string(QUIESCE_SOURCE_ROOT) + "/tests/bench/attribution.json";
  TRY_ASSIGN(const Captured ran,
             capture({program, "run", scenario, "--out", folder.string()}, Seconds(1500)));
  auto told = read(folder);
  if (told) return told;
  return tl::unexpected(told.error().because(
      fmt::format("quiesce run ended with {}: {}", ran.status.describe(), ran.error)));
}

Result<std::vector<Told>> run_often(int count) {
  TRY_ASSIGN(TempDir folder, TempDir::create("quiesce-bench"));
  std::vector<Told> runs;
  for (int i = 0; i < count; ++i) {
    auto told = run_once(folder.path() / fmt::format("run-{}", i));
    if (!told)
      return tl::unexpected(
          told.error().because("the evidence stays in " + folder.keep().string()));
    fmt::print(stderr, "run {}: {:.3f} s stopped\n", i + 1, told->stopped_s);
    runs.push_back(std::move(*told));
  }
  return runs;
}

Result<std::vector<Told>> read_all(std::span<char*> folders) {
  std::vector<Told> runs;
  for (const char* folder : folders) {
    TRY_ASSIGN(Told told, read(folder));
    runs.push_back(std::move(told));
  }
  return runs;
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
  totals.reserve(runs.size());
  for (const auto& run : runs) totals.push_back(run.stopped_s);
  fmt::print("| all | target: < {:.0f} s | {:.3f} | {:.3f} |  |\n", target_s, median(totals),
             std::ranges::max(totals));
}

void print_writers(const Told& told) {
  std::vector<checks::By> kinds;
  kinds.reserve(checks::by_count);
  for (std::size_t i = 0; i < checks::by_count; ++i) kinds.push_back(static_cast<checks::By>(i));
  fmt::print("\n| writer of stray pages (last run) |");
  for (const auto by : kinds) fmt::print(" {} |", checks::to_string(by));
  fmt::print("\n|---|");
  for (std::size_t i = 0; i < kinds.size(); ++i) fmt::print("---|");
  fmt::print("\n");
  for (const auto& [name, counts] : told.pages) {
    fmt::print("| {} |", name);
    for (const auto by : kinds) fmt::print(" {} |", counts.contains(by) ? counts.at(by) : 0);
    fmt::print("\n");
  }
}

}  // namespace

/// COUNT runs (1), or what run directories hold that are there already.
int main(int count, char** words) {
  const std::span arguments(words + 1, words + count);
  const int wanted = arguments.empty() ? 1 : std::atoi(arguments[0]);
  const auto runs = wanted > 0 ? run_often(std::min(wanted, 99)) : read_all(arguments);
  if (!runs) {
    fmt::print(stderr, "{}\n", runs.error().describe());
    return 3;
  }
  fmt::print("Medians of {} run{}; first and last window: everything as it was.\n\n", runs->size(),
             runs->size() == 1 ? "" : "s");
  print_windows(*runs);
  print_writers(runs->back());
  return 0;
}
