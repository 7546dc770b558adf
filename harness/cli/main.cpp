// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"

namespace quiesce::cli {

int report(const Error& error) {
  fmt::print(stderr, "quiesce: {}\n", error.describe());
  return exit_code_of(error);
}

void add_devices_option(CLI::App& command, std::vector<std::string>& folders) {
  command
      .add_option("--devices", folders,
                  "A folder of device profiles beside the shipped ones; also those of "
                  "$QUIESCE_DEVICES, FOLDER:FOLDER")
      ->allow_extra_args(false);
}

namespace {

int run(int argc, char** argv) {
  CLI::App program(
      "Quiesce crashes a kernel on purpose and judges whether devices, drivers and console survive "
      "into the capture "
      "kernel.",
      "quiesce");
  program.set_version_flag("--version", "quiesce " QUIESCE_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 all pass, 1 a check failed, 2 invalid input, 3 environment or harness failed, "
      "4 inconclusive only, 77 nothing could run, 130 interrupted.");
  Action chosen;
  for (const auto add : {add_run, add_judge, add_list, add_show, add_image, add_device, add_doctor})
    add(program, chosen);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with code 0.
    if (program.exit(error) == 0) return exit_code::ok;
    // To git, 2 would mean a bad commit.
    const bool bisect = std::any_of(
        argv, argv + argc, [](const char* word) { return std::string_view(word) == "--bisect"; });
    return bisect ? exit_code::bisect_skip : exit_code::usage;
  }
  return chosen();
}

}  // namespace

}  // namespace quiesce::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return quiesce::cli::run(argc, argv);
}
