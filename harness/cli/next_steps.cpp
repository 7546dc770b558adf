// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/next_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "harness/base/text.hpp"

namespace quiesce::cli {

using checks::Outcome;
using nlohmann::json;

namespace {

/// They say what becomes of the results, not what is run.
constexpr std::string_view not_repeated[] = {"--out",  "--repeat", "--keep", "--bisect",
                                             "--json", "--quiet",  "--help"};

std::string shell_word(const std::string& word) {
  constexpr std::string_view harmless =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./,:=+@%";
  // A leading "=" or "~" means something to some shells.
  if (!word.empty() && word.find_first_not_of(harmless) == std::string::npos && word[0] != '=')
    return word;
  std::string quoted = "'";
  for (const char letter : word)
    quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return quoted + "'";
}

bool is_repeated(const CLI::Option& option) {
  return option.count() > 0 && !option.get_positional() &&
         std::ranges::find(not_repeated, option.get_name()) == std::end(not_repeated);
}

struct Meaning {
  const char* key;
  const char* words;
};
constexpr Meaning meanings[] = {
    {"show", "all details"}, {"repeat", "the same again"}, {"doctor", "what this machine lacks"}};

NextStep step(const char* key, std::string line) {
  const auto* meaning = std::ranges::find_if(
      meanings, [&](const Meaning& entry) { return std::string_view(entry.key) == key; });
  return {key, meaning->words, std::move(line)};
}

}  // namespace

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const auto& word : words) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

std::string shell_line(const Command& command, const std::filesystem::path& here) {
  const bool elsewhere = !command.folder.empty() && command.folder != here.string();
  return (elsewhere ? "cd " + shell_word(command.folder) + " && " : "") + shell_line(command.words);
}

std::vector<std::string> own_environment() {
  // Those of tests/ and tools/ are not the program's.
  constexpr const char* names[] = {"QUIESCE_CACHE", "QUIESCE_DATA", "QUIESCE_DEVICES",
                                   "QUIESCE_RECIPES"};
  std::vector<std::string> settings;
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      settings.push_back(fmt::format("{}={}", name, value));
  return settings;
}

std::vector<std::string> with_environment(const std::vector<std::string>& environment,
                                          std::vector<std::string> command) {
  if (environment.empty()) return command;
  std::vector<std::string> whole{"env"};
  whole.insert(whole.end(), environment.begin(), environment.end());
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

Command repeat_command(const CLI::App& run, const std::string& program, const std::string& scenario,
                       const std::filesystem::path& here) {
  Command command{.words = {program, run.get_name()}, .folder = here.string()};
  if (!scenario.empty()) command.words.push_back(scenario);
  for (const CLI::Option* option : run.get_options()) {
    if (!is_repeated(*option)) continue;
    if (option->get_items_expected_max() == 0) {
      command.words.push_back(option->get_name());
      continue;
    }
    for (const auto& value : option->results())
      if (value.starts_with("-")) {
        command.words.push_back(option->get_name() + "=" + value);
      } else {
        command.words.push_back(option->get_name());
        command.words.push_back(value);
      }
  }
  return command;
}

Command command_of(const json& about) {
  Command command;
  if (!about.is_object()) return command;
  const auto words = about.find("command");
  if (words == about.end() || !words->is_array()) return command;
  for (const auto& word : *words) {
    if (!word.is_string()) return {};
    command.words.push_back(printable(word.get_ref<const std::string&>()));
  }
  const auto folder = about.find("directory");
  if (folder != about.end() && folder->is_string())
    command.folder = printable(folder->get_ref<const std::string&>());
  return command;
}

std::vector<NextStep> next_steps(const Ending& ending) {
  std::vector<NextStep> steps;
  if (ending.outcome == Outcome::pass) return steps;
  if (!ending.evidence.empty())
    steps.push_back(step("show", shell_line({ending.program, "show", ending.evidence.string()})));
  if (!ending.repeat.empty())
    steps.push_back(step("repeat", shell_line(ending.repeat, ending.here)));
  if (ending.outcome == Outcome::error)
    steps.push_back(step(
        "doctor", shell_line(with_environment(ending.environment, {ending.program, "doctor"}))));
  return steps;
}

std::string as_text(const std::vector<NextStep>& steps) {
  std::size_t width = 0;
  for (const auto& entry : steps) width = std::max(width, entry.meaning.size());
  std::string text;
  for (const auto& entry : steps)
    text += fmt::format("{}  {:<{}}  {}\n", text.empty() ? "what to do next:\n" : "", entry.meaning,
                        width, entry.line);
  return text;
}

json as_json(const std::vector<NextStep>& steps) {
  json object = json::object();
  for (const auto& entry : steps) object[entry.key] = entry.line;
  return object;
}

}  // namespace quiesce::cli
