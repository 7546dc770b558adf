// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/output.hpp"
#include "harness/dispatch/health.hpp"

namespace quiesce::cli {

namespace {

int doctor() {
  const auto findings = dispatch::examine();
  constexpr const char* words[] = {"ok", "limited", "MISSING"};
  for (const auto& finding : findings) {
    put("{:8} {:16} {}\n", words[static_cast<int>(finding.health)], finding.what, finding.found);
    if (!finding.remedy.empty()) put("{:8} {:16} remedy: {}\n", "", "", finding.remedy);
  }
  return dispatch::is_missing(findings) ? exit_code::environment : exit_code::ok;
}

}  // namespace

void add_doctor(CLI::App& program, Action& chosen) {
  CLI::App* command = program.add_subcommand(
      "doctor", "What this machine can do, and what it lacks with the remedy");
  command->footer("Example: quiesce doctor");
  command->callback([&chosen] { chosen = doctor; });
}

}  // namespace quiesce::cli
