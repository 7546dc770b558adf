// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/names.hpp"
#include "harness/cli/output.hpp"

namespace quiesce::cli {

namespace {

std::string& own_name() {
  static std::string name = "quiesce";
  return name;
}

}  // namespace

void called_as(const std::string& name) {
  own_name() = name;
}
const std::string& called_as() {
  return own_name();
}

int report(const Error& error) {
  say("quiesce: {}\n", error.describe());
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

constexpr const char* about =
    "Quiesce crashes a kernel on purpose and judges whether devices, drivers and console survive "
    "into the capture kernel.";

void add_everything(CLI::App& program, Action& chosen) {
  program.set_version_flag("--version", "quiesce " QUIESCE_VERSION);
  program.require_subcommand(1);
  program.footer(
      "Exit codes: 0 all pass, 1 a check failed, 2 invalid input, 3 environment or harness failed, "
      "4 inconclusive only, 77 nothing could run, 130 interrupted.");
  for (const auto add : {add_run, add_judge, add_list, add_show, add_image, add_device, add_doctor})
    add(program, chosen);
}

/// CLI11 takes words from the back.
std::vector<std::string> backwards(const std::vector<std::string>& words) {
  return {words.rbegin(), words.rend()};
}

int refuse(const std::string& message) {
  say("quiesce: {}\n", message);
  return exit_code::usage;
}

/// What CLI11 itself has to say does not name the command that tells more.
int refuse(const CLI::ParseError& error, const CLI::App& program) {
  const std::string text = error.what();
  if (text.ends_with("shows all")) return refuse(text);
  std::string called = program.get_name();
  for (auto used = program.get_subcommands(); !used.empty(); used = used.front()->get_subcommands())
    called += " " + used.front()->get_name();
  return refuse(fmt::format("{}\n\"{} --help\" explains it", text, called));
}

/// Whether a git bisect run looks at the exit code.
bool for_git(const std::vector<std::string>& words) {
  CLI::App program(about, "quiesce");
  Action unused;
  add_everything(program, unused);
  return asks_for(program, words, "--bisect");
}

/// The help of the subcommand that the words name, unless something that they name does not exist.
int help(const CLI::App& program, const std::vector<std::string>& words) {
  CLI::App forgiving(about, "quiesce");
  Action chosen;
  add_everything(forgiving, chosen);
  forgive_what_is_missing(forgiving);
  try {
    forgiving.parse(backwards(words));
  } catch (const CLI::ArgumentMismatch&) {
    // An option without its value: that is what is asked about.
    chosen.names = nullptr;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return refuse(error, forgiving);
  }
  if (chosen.names)
    if (const int code = chosen.names(); code != exit_code::ok) return code;
  put("{}", help_of(program, forgiving));
  return exit_code::ok;
}

int run_program(const std::vector<std::string>& given) {
  CLI::App program(about, "quiesce");
  Action chosen;
  add_everything(program, chosen);
  const Request request = read_request(program, given);
  if (const auto unknown = unknown_word(program, request.words)) return refuse(*unknown);
  if (request.help) return help(program, request.words);
  try {
    program.parse(backwards(request.words));
  } catch (const CLI::CallForVersion& version) {
    put("{}\n", version.what());
    return exit_code::ok;
  } catch (const CLI::CallForHelp&) {
    // "--help" alone was seen before.
    return refuse("--help takes no value");
  } catch (const CLI::ParseError& error) {
    return refuse(error, program);
  }
  if (const auto nothing = empty_value(program)) return refuse(*nothing);
  return chosen.act();
}

int run(const std::vector<std::string>& given) {
  int code = run_program(given);
  if (const int why = flush_output(); why != 0) {
    say("quiesce: cannot write to standard output: {}\n", std::strerror(why));
    code = exit_code_without_output(code, for_git(given) ? For::bisect : For::people);
  }
  // To git, 2 would mean a bad commit.
  return code == exit_code::usage && for_git(given) ? exit_code::bisect_skip : code;
}

}  // namespace

}  // namespace quiesce::cli

int main(int argc, char** argv) {
  quiesce::cli::hold_standard_descriptors();
  std::signal(SIGPIPE, SIG_IGN);
  quiesce::cli::called_as(argc > 0 ? argv[0] : "quiesce");
  return quiesce::cli::run({argv + std::min(argc, 1), argv + argc});
}
