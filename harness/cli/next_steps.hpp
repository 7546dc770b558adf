// SPDX-License-Identifier: GPL-2.0-or-later
// What to do after a run that did not pass: commands that can be pasted into a shell.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/checks/check.hpp"

namespace quiesce::cli {

/// A command line and the folder that its relative paths start from.
struct Command {
  std::vector<std::string> words;
  std::string folder;
  bool empty() const { return words.empty(); }
};

/// The words as a POSIX shell takes them: "quiesce run x --set 'a=\"b c\"'".
std::string shell_line(const std::vector<std::string>& words);
/// The same, with "cd FOLDER && " before it when that is not `here`.
std::string shell_line(const Command& command, const std::filesystem::path& here);

/// What quiesce takes from the environment, as far as it is set: "QUIESCE_CACHE=/srv/kernels".
std::vector<std::string> own_environment();
/// `command` with these settings, as env(1) takes them.
std::vector<std::string> with_environment(const std::vector<std::string>& environment,
                                          std::vector<std::string> command);

/// What repeats one run of a parsed `quiesce run`: `program` (as it was called), every option that
/// was given but those that say what becomes of results, and in the place of all scenarios the
/// `scenario`; empty, when none was given. Options are asked for, not listed: what is added to the
/// subcommand is in it.
Command repeat_command(const CLI::App& run, const std::string& program, const std::string& scenario,
                       const std::filesystem::path& here);

/// The command that a result or a run.start event names ("command", "directory"), or an empty one:
/// evidence may be old or foreign.
Command command_of(const nlohmann::json& about);

struct NextStep {
  std::string key;      ///< for programs: "show", "repeat", "doctor"
  std::string meaning;  ///< for people: "all details"
  std::string line;     ///< for a shell
};

/// What one may want next.
struct Ending {
  checks::Outcome outcome = checks::Outcome::error;
  std::string program;                        ///< how quiesce was called
  std::vector<std::string> environment = {};  ///< as own_environment() has it
  std::filesystem::path evidence;  ///< the run directory; empty: there is none, or it is shown
  Command repeat;                  ///< may be empty
  std::filesystem::path here;      ///< the current folder
};

/// Nothing for a run that passed.
std::vector<NextStep> next_steps(const Ending& ending);

/// "what to do next:" and a line a step; empty without steps.
std::string as_text(const std::vector<NextStep>& steps);
/// {"show": "quiesce show ...", ...}
nlohmann::json as_json(const std::vector<NextStep>& steps);

}  // namespace quiesce::cli
