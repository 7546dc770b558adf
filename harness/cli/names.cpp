// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/base/names.hpp"

namespace quiesce::cli {

namespace {

using Words = std::vector<std::string>;

/// What other tools call it.
struct Synonym {
  std::string_view word;
  const char* ours;
};
constexpr Synonym synonyms[] = {{"test", "run"},      {"exec", "run"},    {"report", "show"},
                                {"results", "show"},  {"view", "show"},   {"check", "judge"},
                                {"verify", "judge"},  {"ls", "list"},     {"fetch", "image"},
                                {"install", "image"}, {"serve", "device"}};

std::vector<const CLI::App*> subcommands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

const CLI::App* find_subcommand(const CLI::App& app, const std::string& word) {
  for (const CLI::App* command : subcommands_of(app))
    if (command->check_name(word)) return command;
  return nullptr;
}

/// "--kernel" of "--kernel=x", "-h" of "-hx"; empty for what is no option, as "-" or "-3".
std::string option_name(const std::string& word) {
  if (word.starts_with("--")) return word.substr(0, word.find('='));
  const bool is_short =
      word.size() > 1 && word[0] == '-' && word[1] != '.' && (word[1] < '0' || word[1] > '9');
  return is_short ? word.substr(0, 2) : std::string();
}

/// Of "--flag=no", the "=no".
bool is_off(const std::string& value) {
  constexpr std::string_view words[] = {"=false", "=off", "=no", "=n", "=f", "=0", "=-"};
  return std::ranges::find(words, CLI::detail::to_lower(value)) != std::end(words);
}

Words options_of(const CLI::App& app) {
  Words names;
  for (const CLI::Option* option : app.get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// "quiesce image", for a sentence about what is below it.
std::string called(const CLI::App& app) {
  const CLI::App* above = app.get_parent();
  return (above != nullptr ? called(*above) + " " : std::string()) + app.get_name();
}

std::string no_option(const CLI::App& app, const std::string& name) {
  return no_such("option", name, options_of(app), called(app) + " --help");
}

std::string no_subcommand(const CLI::App& app, const std::string& word) {
  Words names;
  for (const CLI::App* command : subcommands_of(app)) names.push_back(command->get_name());
  const std::string shows_all = called(app) + " --help";
  if (nearest_names(word, names).empty())
    for (const auto& [other, ours] : synonyms)
      if (word == other && std::ranges::find(names, ours) != names.end())
        return fmt::format("there is no subcommand \"{}\"; did you mean \"{}\"? \"{}\" shows all",
                           word, ours, shows_all);
  return no_such("subcommand", word, names, shows_all);
}

}  // namespace

Request read_request(const CLI::App& program, Words words) {
  Request request;
  const bool help_first =
      !words.empty() && words[0] == "help" && find_subcommand(program, "help") == nullptr;
  if (help_first) words.erase(words.begin());
  request.help = help_first;
  bool only_words = false;
  for (auto& word : words) {
    only_words = only_words || word == "--";
    if (!only_words && (word == "--help" || word == "-h"))
      request.help = true;
    else
      request.words.push_back(std::move(word));
  }
  return request;
}

std::optional<std::string> unknown_word(const CLI::App& program, const Words& words) {
  const CLI::App* app = &program;
  for (std::size_t at = 0; at < words.size() && words[at] != "--"; ++at) {
    const std::string& word = words[at];
    if (const std::string name = option_name(word); !name.empty()) {
      const CLI::Option* option = app->get_option_no_throw(name);
      if (option == nullptr) return no_option(*app, name);
      // Its values are no names of ours.
      const bool has_value = word.starts_with("--") && word.find('=') != std::string::npos;
      // CLI11 would take the next word.
      if (has_value && option->get_items_expected_max() > 0 && name.size() + 1 == word.size())
        return fmt::format("{}: expected a value, found an empty text", name);
      if (!has_value) at += static_cast<std::size_t>(std::max(0, option->get_items_expected_min()));
    } else if (!subcommands_of(*app).empty()) {
      const CLI::App* command = find_subcommand(*app, word);
      if (command == nullptr) return no_subcommand(*app, word);
      app = command;
    }
  }
  return std::nullopt;
}

std::optional<std::string> empty_value(const CLI::App& program) {
  for (const CLI::Option* option : program.get_options())
    if (option->get_items_expected_max() > 0)
      for (const auto& value : option->results())
        if (value.empty())
          return fmt::format(
              "{}: expected a value, found an empty text",
              option->get_positional() ? option->get_name(true) : option->get_name());
  for (const CLI::App* command : program.get_subcommands())
    if (auto nothing = empty_value(*command)) return nothing;
  return std::nullopt;
}

bool asks_for(const CLI::App& program, const Words& words, const std::string& flag) {
  const CLI::App* app = &program;
  for (const auto& word : words) {
    if (word == "--") return false;
    if (option_name(word) == flag && app->get_option_no_throw(flag) != nullptr)
      return !is_off(word.substr(flag.size()));
    if (const CLI::App* command = find_subcommand(*app, word)) app = command;
  }
  return false;
}

CLI::Validator one_of(const std::string& what, Words words, const std::string& shows_all) {
  const std::string description = fmt::format("{{{}}}", fmt::join(words, ","));
  return CLI::Validator(
      [what, words = std::move(words), shows_all](std::string& word) -> std::string {
        if (std::ranges::find(words, word) != words.end()) return {};
        // CLI11 would put the option's name before a ValidationError.
        throw CLI::ParseError(no_such(what, word, words, shows_all),
                              CLI::ExitCodes::ValidationError);
      },
      description);
}

void forgive_what_is_missing(CLI::App& program) {
  program.require_subcommand(0);
  for (CLI::Option* option : program.get_options()) option->required(false);
  for (CLI::App* command : program.get_subcommands([](CLI::App*) { return true; }))
    forgive_what_is_missing(*command);
}

std::string help_of(const CLI::App& program, const CLI::App& parsed) {
  const CLI::App* app = &program;
  const CLI::App* called_app = &parsed;
  std::string before;
  while (!called_app->get_subcommands().empty()) {
    called_app = called_app->get_subcommands().front();
    before += (before.empty() ? "" : " ") + app->get_name();
    app = find_subcommand(*app, called_app->get_name());
  }
  return app->help(before);
}

}  // namespace quiesce::cli
