// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels by name: what the recipes list, what the store has, what can be fetched.
#include <algorithm>

#include "vm-images/builder/spec.hpp"
#include "vm-images/builder/store.hpp"
#include "vm-images/builder/survey.hpp"

namespace quiesce::builder {

namespace fs = std::filesystem;

namespace {

std::string release_at(const fs::path& place) {
  const auto facts = item_facts(place);
  return facts ? text_of(*facts, "release") : "";
}

}  // namespace

std::vector<std::string> kernel_names(const Store& store) {
  std::vector<std::string> names;
  if (const auto recipes = load_recipes(recipes_folder())) names = shown_names(*recipes);
  std::error_code error;
  for (fs::directory_iterator at(store.root / "names", error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = text_of_file_name(at->path().filename().string());
    if (stored_kernel(name, store)) names.push_back(name);
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    const int order = compare_versions(a, b);
    return order != 0 ? order < 0 : a < b;
  });
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string kernel_description(const std::string& name) {
  const auto recipes = load_recipes(recipes_folder());
  const auto recipe = recipes ? find_recipe(*recipes, name) : std::nullopt;
  return recipe ? recipe->description : "";
}

std::string stored_release(const std::string& name, const Store& store) {
  const auto place = stored_kernel(name, store);
  return place ? release_at(*place) : "";
}

Result<RemoteKernels> list_remote_with(const Apt& apt, const std::vector<Recipe>& recipes,
                                       const Store& store, const Observer& observer) {
  TRY_ASSIGN(const Draft draft, Draft::create(store));
  TRY_ASSIGN(Survey found, survey(apt, recipes, "", draft.path() / "apt", observer));
  RemoteKernels remote{.kernels = {}, .troubles = std::move(found.troubles)};
  for (const auto& [offer, source] : found.sources)
    remote.kernels.push_back({.name = offer.name,
                              .suite = offer.suite,
                              .version = offer.version(),
                              .size = Bytes{offer.bytes()},
                              .stored = stored_release(offer.name, store)});
  return remote;
}

Result<RemoteKernels> list_remote(const Store& store, const Observer& observer) {
  TRY_ASSIGN(const auto recipes, load_recipes(recipes_folder()));
  return list_remote_with(Apt::of_system(), recipes, store, observer);
}

}  // namespace quiesce::builder
