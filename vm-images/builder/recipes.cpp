// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/recipes.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "harness/base/fd.hpp"
#include "vm-images/builder/builder.hpp"
#include "vm-images/builder/store.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

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
  const auto without = package->find("without");
  if (without == package->end()) return recipe;
  for (const auto& part : *without) {
    if (!part.is_string())
      return fail(Errc::invalid_input, "{}/package/without: expected a list of texts", place);
    recipe.without.push_back(part.get<std::string>());
  }
  return recipe;
}

}  // namespace

bool Recipe::matches(std::string_view package) const {
  if (package.size() < prefix.size() + suffix.size()) return false;
  if (!package.starts_with(prefix) || !package.ends_with(suffix)) return false;
  return std::none_of(without.begin(), without.end(), [&](const std::string& part) {
    return package.find(part) != std::string_view::npos;
  });
}

Result<std::vector<Recipe>> parse_recipes(std::string_view text, const std::string& file) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto kernels = json.is_object() ? json.find("kernels") : json.end();
  if (!json.is_object() || kernels == json.end() || !kernels->is_array())
    return fail(Errc::invalid_input, "{}: expected {{\"kernels\": [...]}}", file);
  std::vector<Recipe> recipes;
  for (const auto& kernel : *kernels) {
    TRY_ASSIGN(Recipe recipe,
               parse_recipe(kernel, fmt::format("{}: /kernels/{}", file, recipes.size())));
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

std::vector<std::string> known_names() {
  std::vector<std::string> names;
  if (const auto recipes = load_recipes(recipes_folder()))
    for (const auto& recipe : *recipes) names.push_back(recipe.name);
  return names;
}

}  // namespace quiesce::builder
