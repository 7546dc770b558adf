// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/formats.hpp"
#include "harness/cli/next_steps.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/dispatch/judging.hpp"

namespace quiesce::cli {

namespace {

struct JudgeOptions {
  std::string folder;
  std::string format = default_format;
  bool json = false;
  bool write = false;
};

int judge(const JudgeOptions& options) {
  const auto judged = dispatch::judge_again(
      options.folder, options.write ? dispatch::Write::yes : dispatch::Write::no);
  if (!judged) return report(judged.error());
  const checks::RunResult& result = judged->result;
  const auto* format = reports::find_format(options.json ? "json" : options.format);
  put("{}", format->render(result, {.colour = colour_on_output()}));
  flush_output();
  std::error_code error;
  if (format->name == std::string_view(default_format))
    say("{}", as_text(next_steps({.outcome = result.outcome,
                                  .program = called_as(),
                                  .environment = own_environment(),
                                  .evidence = judged->folder,
                                  .repeat = command_of(result.about),
                                  .here = std::filesystem::current_path(error)})));
  return checks::exit_code(result.outcome);
}

}  // namespace

void add_judge(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<JudgeOptions>();
  CLI::App* command =
      program.add_subcommand("judge", "Judge the evidence of an old or foreign run again");
  command->footer("Example: quiesce judge runs/first-run-20261123-101500-4711");
  command->add_option("RUN_DIR", options->folder, "The folder that the run left")->required();
  add_format_option(*command, options->format);
  command->add_flag("--json", options->json, "The result as JSON: --format json");
  command->add_flag("--write", options->write, "Replace the folder's result.json");
  command->callback([options, &chosen] {
    chosen = {[options] { return judge(*options); },
              [options] { return check_run_folder(options->folder); }};
  });
}

}  // namespace quiesce::cli
