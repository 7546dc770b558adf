// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/recipes.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "vm-images/builder/apt.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view any_series = "SERIES";

bool is_digit_of_series(char c) {
  return c >= '0' && c <= '9';
}

/// How many characters at the front are a series, as in "7.3"; 0: none.
std::size_t series_length(std::string_view text) {
  const auto digits = [&](std::size_t at) {
    while (at < text.size() && is_digit_of_series(text[at])) ++at;
    return at;
  };
  const std::size_t dot = digits(0);
  if (dot == 0 || dot >= text.size() || text[dot] != '.') return 0;
  const std::size_t end = digits(dot + 1);
  return end == dot + 1 ? 0 : end;
}

/// `pattern` with its SERIES replaced.
std::string with_series(const std::string& pattern, std::string_view series) {
  std::string text = pattern;
  if (const std::size_t at = text.find(any_series); at != std::string::npos)
    text.replace(at, any_series.size(), series);
  return text;
}

/// The series with which `text` begins as `pattern` does; empty when it does not.
std::string series_in(std::string_view text, std::string_view pattern) {
  const std::size_t at = pattern.find(any_series);
  if (at == std::string_view::npos || !text.starts_with(pattern.substr(0, at))) return {};
  const std::size_t length = series_length(text.substr(at));
  const std::string_view rest = pattern.substr(at + any_series.size());
  if (length == 0 || !text.substr(at + length).starts_with(rest)) return {};
  return std::string(text.substr(at, length));
}

bool is_open(const Recipe& recipe) {
  return recipe.name.find(any_series) != std::string::npos;
}

Recipe filled_in(const Recipe& recipe, const std::string& series) {
  Recipe filled = recipe;
  filled.name = with_series(recipe.name, series);
  filled.prefix = with_series(recipe.prefix, series);
  const auto known = recipe.series.find(series);
  filled.description = known != recipe.series.end() ? known->second : "";
  filled.series.clear();
  return filled;
}

Result<std::vector<std::string>> parse_texts(const nlohmann::json& json, const std::string& place) {
  std::vector<std::string> texts;
  for (const auto& part : json) {
    if (!part.is_string()) return fail(Errc::invalid_input, "{}: expected a list of texts", place);
    texts.push_back(part.get<std::string>());
  }
  return texts;
}

Result<void> parse_series(Recipe& recipe, const nlohmann::json& json, const std::string& place) {
  const auto series = json.find("series");
  if (series == json.end()) return {};
  if (!series->is_object() || !is_open(recipe))
    return fail(Errc::invalid_input,
                "{}/series: expected {{\"6.1\": DESCRIPTION}} in a recipe with {} in its name",
                place, any_series);
  for (const auto& [number, description] : series->items()) {
    if (series_length(number) != number.size() || !description.is_string())
      return fail(Errc::invalid_input, "{}/series/{}: expected a series and its description", place,
                  number);
    recipe.series[number] = description.get<std::string>();
  }
  return {};
}

Result<Recipe> parse_recipe(const nlohmann::json& json, const std::string& place) {
  if (!json.is_object()) return fail(Errc::invalid_input, "{}: expected an object", place);
  const auto package = json.find("package");
  if (package == json.end() || !package->is_object())
    return fail(Errc::invalid_input, "{}/package: expected an object", place);
  Recipe recipe;
  recipe.name = text_of(json, "name");
  recipe.description = text_of(json, "description");
  recipe.prefix = text_of(*package, "prefix");
  recipe.suffix = text_of(*package, "suffix");
  if (recipe.name.find(':') == std::string::npos)
    return fail(Errc::invalid_input, "{}/name: expected \"DISTRIBUTION:VERSION\"", place);
  if (recipe.prefix.empty())
    return fail(Errc::invalid_input, "{}/package/prefix: expected the start of a name", place);
  if (is_open(recipe) != (recipe.prefix.find(any_series) != std::string::npos))
    return fail(Errc::invalid_input, "{}: {} must be in both name and prefix, or in neither", place,
                any_series);
  TRY(parse_series(recipe, json, place));
  if (const auto suites = json.find("suites"); suites != json.end()) {
    TRY_ASSIGN(recipe.suites, parse_suites(*suites, place + "/suites"));
  }
  const auto without = package->find("without");
  if (without == package->end()) return recipe;
  TRY_ASSIGN(recipe.without, parse_texts(*without, place + "/package/without"));
  return recipe;
}

}  // namespace

std::string Suite::describe() const {
  return fmt::format("{} ({})", name, release);
}

std::string Recipe::kernel_of(std::string_view package) const {
  const std::string series_of_package = series_in(package, prefix);
  if (is_open(*this) && series_of_package.empty()) return {};
  const std::string begin = with_series(prefix, series_of_package);
  if (package.size() < begin.size() + suffix.size() || !package.starts_with(begin) ||
      !package.ends_with(suffix))
    return {};
  const bool excluded = std::any_of(without.begin(), without.end(), [&](const std::string& part) {
    return package.find(part) != std::string_view::npos;
  });
  return excluded ? std::string() : with_series(name, series_of_package);
}

std::string Recipe::start() const {
  return prefix.substr(0, prefix.find(any_series));
}

Result<std::vector<Suite>> parse_suites(const nlohmann::json& json, const std::string& place) {
  std::vector<Suite> suites;
  if (json.is_array())
    for (const auto& entry : json) {
      suites.push_back({text_of(entry, "name"), text_of(entry, "release")});
      if (suites.back().name.empty() || suites.back().release.empty()) suites.clear();
      if (suites.empty()) break;
    }
  if (suites.empty())
    return fail(Errc::invalid_input,
                "{}: expected a list of {{\"name\": SUITE, \"release\": WHOSE}}", place);
  return suites;
}

Result<std::vector<Recipe>> parse_recipes(std::string_view text, const std::string& file) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto kernels = json.is_object() ? json.find("kernels") : json.end();
  if (!json.is_object() || kernels == json.end() || !kernels->is_array())
    return fail(Errc::invalid_input, "{}: expected {{\"kernels\": [...]}}", file);
  std::vector<Suite> suites;
  if (const auto shared = json.find("suites"); shared != json.end()) {
    TRY_ASSIGN(suites, parse_suites(*shared, file + ": /suites"));
  }
  std::vector<Recipe> recipes;
  for (const auto& kernel : *kernels) {
    TRY_ASSIGN(Recipe recipe,
               parse_recipe(kernel, fmt::format("{}: /kernels/{}", file, recipes.size())));
    if (recipe.suites.empty()) recipe.suites = suites;
    recipes.push_back(std::move(recipe));
  }
  return recipes;
}

fs::path recipes_folder() {
  if (const char* chosen = std::getenv("QUIESCE_RECIPES"); chosen != nullptr && *chosen != '\0')
    return chosen;
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  const fs::path shared = program.parent_path().parent_path() / "share/quiesce/recipes";
  return fs::is_directory(shared, error) ? shared : fs::path(QUIESCE_RECIPES_SOURCE);
}

Result<std::vector<Recipe>> load_recipes(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".json") files.push_back(at->path());
  if (error) return fail_errno("cannot read the recipes in " + folder.string(), error.value());
  std::sort(files.begin(), files.end());
  std::vector<Recipe> recipes;
  for (const auto& file : files) {
    TRY_ASSIGN(const std::string text, read_file(file, 1U << 20));
    TRY_ASSIGN(auto more, parse_recipes(text, file.string()));
    recipes.insert(recipes.end(), more.begin(), more.end());
  }
  return recipes;
}

std::optional<Recipe> find_recipe(const std::vector<Recipe>& recipes, const std::string& name) {
  for (const auto& recipe : recipes)
    if (recipe.name == name && !is_open(recipe)) return recipe;
  for (const auto& recipe : recipes) {
    const std::string series = series_in(name, recipe.name);
    if (!series.empty() && with_series(recipe.name, series) == name)
      return filled_in(recipe, series);
  }
  return std::nullopt;
}

std::vector<std::string> shown_names(const std::vector<Recipe>& recipes) {
  std::vector<std::string> names;
  for (const auto& recipe : recipes) {
    if (!is_open(recipe)) names.push_back(recipe.name);
    for (const auto& [series, description] : recipe.series)
      names.push_back(with_series(recipe.name, series));
  }
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return compare_versions(a, b) < 0; });
  return names;
}

std::vector<std::string> open_names(const std::vector<Recipe>& recipes) {
  std::vector<std::string> names;
  for (const auto& recipe : recipes)
    if (is_open(recipe)) names.push_back(recipe.name);
  return names;
}

}  // namespace quiesce::builder
