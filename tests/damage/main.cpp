// SPDX-License-Identifier: GPL-2.0-or-later
// Damages copies of the recorded runs in every way, and holds two rules: damage never makes a
// verdict better; under the seal it never turns pass into fail, and none goes unseen.
//
//   damage [RUN_DIR...]       the runs of tests/golden/runs, recorded and models, or those that are
//                             named. Of those of models and of hangs one damage of ten each, since
//                             they are many and alike; with QUIESCE_TEST_ALL=true in the
//                             environment all of them, and of the others all nine ways to damage
//                             two files; of those that are named everything
//   damage --thin FROM TO     makes a recorded run for tests/golden/recorded out of a run directory
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "harness/base/fd.hpp"
#include "harness/checks/check.hpp"
#include "harness/record/layout.hpp"
#include "tests/damage/suite.hpp"

namespace quiesce::damage {

namespace {

namespace fs = std::filesystem;
using evidence::Texts;

Texts read_folder(const fs::path& folder) {
  Texts texts;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file())
      texts[entry.path().lexically_relative(folder).generic_string()] =
          read_file(entry.path()).value_or("");
  return texts;
}

int make_thin(const fs::path& from, const fs::path& to) {
  Texts texts = read_folder(from);
  thin(texts);
  unseal(texts);
  const auto run = evidence::assemble(texts);
  if (!run) {
    fmt::print(stderr, "{}\n", run.error().describe());
    return 1;
  }
  seal(texts);
  auto result = checks::judge(*evidence::assemble(texts));
  texts[record::file::result] = to_json(result).dump(1) + "\n";
  for (const auto& [name, text] : texts) {
    fs::create_directories((to / name).parent_path());
    if (auto written = replace_file(to / name, text); !written) {
      fmt::print(stderr, "{}\n", written.error().describe());
      return 1;
    }
  }
  return 0;
}

void print_rows(const char* what, const std::vector<std::string>& rows, std::size_t most) {
  for (std::size_t i = 0; i < std::min(rows.size(), most); ++i)
    fmt::print("    {}: {}\n", what, rows[i]);
  if (rows.size() > most) fmt::print("    {}: and {} more\n", what, rows.size() - most);
}

/// Prints a table; true when no rule was broken.
bool report(const std::string& run, const char* mode, const Counts& counts, std::size_t most) {
  std::size_t judged = 0;
  std::size_t broken = 0;
  for (const auto& [kind, count] : counts) {
    judged += count.judged;
    broken += count.broken();
  }
  fmt::print("{} {}-{}: {} damaged copies, {} rules broken\n", broken == 0 ? "PASS" : "FAIL", run,
             mode, judged, broken);
  for (const auto& [kind, count] : counts) {
    fmt::print("  {:<34} {:>5}  better {:>3}  pass to fail {:>3}  unseen {:>3}  untold {:>3}\n",
               kind, count.judged, count.better.size(), count.false_red.size(), count.unseen.size(),
               count.untold.size());
    print_rows("better", count.better, most);
    print_rows("pass to fail", count.false_red, most);
    print_rows("unseen", count.unseen, most);
    if (most > 100) print_rows("untold", count.untold, most);
  }
  return broken == 0;
}

int run_suite(std::vector<fs::path> folders) {
  const bool named = !folders.empty();
  if (!named)
    for (const char* below : {"runs", "recorded", "models", "hangs"})
      for (const auto& entry :
           fs::directory_iterator(fs::path(QUIESCE_SOURCE_ROOT) / "tests/golden" / below))
        folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  const char* wanted = std::getenv("QUIESCE_TEST_ALL");
  const bool all = named || (wanted != nullptr && std::string_view(wanted) == "true");
  bool whole = true;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const std::string kind = folders[i].parent_path().filename().string();
    const bool one_of_many = kind == "models" || kind == "hangs";
    Extent extent{.share = all || !one_of_many ? 1U : 10U,
                  .turn = i,
                  .all_pairs = named || (all && !one_of_many)};
    const Texts run = read_folder(folders[i]);
    const Texts other = read_folder(folders[(i + 1) % folders.size()]);
    const std::string name = folders[i].filename().string();
    for (const Sealed sealed : {Sealed::yes, Sealed::no}) {
      whole = report(name, sealed == Sealed::yes ? "sealed" : "unsealed",
                     try_all(run, other, sealed, extent), named ? 1000 : 10) &&
              whole;
      ++extent.turn;
    }
  }
  return whole ? 0 : 1;
}

}  // namespace

}  // namespace quiesce::damage

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 3 && words[0] == "--thin")
    return quiesce::damage::make_thin(words[1], words[2]);
  return quiesce::damage::run_suite({words.begin(), words.end()});
}
