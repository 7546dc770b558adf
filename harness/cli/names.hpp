// SPDX-License-Identifier: GPL-2.0-or-later
// What the command line names that does not exist. All is asked of CLI11: a subcommand or an option
// that is added is known here, too.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

namespace quiesce::cli {

/// A command line without what asks for help.
struct Request {
  std::vector<std::string> words;  ///< without the program's own name
  bool help = false;
};
/// "run --help", "run -h" and "help run" ask for the same. After "--" a word is only a word.
Request read_request(const CLI::App& program, std::vector<std::string> words);

/// The first subcommand or option that does not exist, as a sentence with the nearest ones. (CLI11
/// would speak of what is missing first, and of nothing when help is asked for.)
std::optional<std::string> unknown_word(const CLI::App& program,
                                        const std::vector<std::string>& words);

/// Of a parsed command line: the first option or argument that was given an empty text, as a
/// sentence. (A variable that is not set makes one of it, and then it is not what was asked for
/// that would be done.)
std::optional<std::string> empty_value(const CLI::App& program);

/// Whether the subcommand that the words name has this flag, and they set it: also where something
/// else is wrong with them.
bool asks_for(const CLI::App& program, const std::vector<std::string>& words,
              const std::string& flag);

/// For an option that takes one of `words`: the refusal has the nearest ones. `shows_all` is the
/// command that does.
CLI::Validator one_of(const std::string& what, std::vector<std::string> words,
                      const std::string& shows_all = {});

/// Whatever is required is so no more: with --help, what is missing is what is asked for.
void forgive_what_is_missing(CLI::App& program);
/// The help of the subcommand that `parsed` was called with, as `program` has it.
std::string help_of(const CLI::App& program, const CLI::App& parsed);

}  // namespace quiesce::cli
