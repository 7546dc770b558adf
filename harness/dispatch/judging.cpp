// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/dispatch/judging.hpp"

#include "harness/base/digest.hpp"
#include "harness/base/fd.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::dispatch {

namespace fs = std::filesystem;

namespace {

Result<Judged> judged(const evidence::Run& run, Write write) {
  Judged done{.result = checks::judge(run), .folder = fs::absolute(run.folder)};
  if (write == Write::yes)
    TRY(replace_file(run.folder / record::file::result, result_text(done.result)));
  return done;
}

}  // namespace

std::string result_text(const checks::RunResult& result) {
  return to_json(result).dump(1) + "\n";
}

Result<Judged> judge_fresh(const fs::path& folder) {
  // What a run left for want of space or of a seal is judged all the same, and called unsealed.
  const auto manifest = read_file(folder / record::file::manifest);
  TRY_ASSIGN(const evidence::Run run,
             evidence::open(folder, manifest ? std::optional(sha256(*manifest)) : std::nullopt));
  return judged(run, Write::yes);
}

Result<Judged> judge_again(const fs::path& folder, Write write) {
  TRY_ASSIGN(const evidence::Run run, evidence::open(folder));
  return judged(run, write);
}

}  // namespace quiesce::dispatch
