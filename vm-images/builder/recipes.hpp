// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels that can be fetched by name: the JSON files of vm-images/recipes/.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::builder {

/// A suite of Debian's archive.
struct Suite {
  std::string name;     ///< "trixie-backports"
  std::string release;  ///< whose it is, for people: "Debian 13"

  /// "trixie-backports (Debian 13)"
  std::string describe() const;
  bool operator==(const Suite&) const = default;
};

/// Which packages hold a kernel. A recipe whose name has "SERIES" in it, and its prefix too, stands
/// for any series: "debian:SERIES" and "linux-image-SERIES." for "debian:7.3" and
/// "linux-image-7.3.".
struct Recipe {
  std::string name;                  ///< "debian:6.1"
  std::string description = {};      ///< of a recipe for any series: empty
  std::string prefix = {};           ///< of the package's name: "linux-image-6.1."
  std::string suffix = {};           ///< "-amd64"
  std::vector<std::string> without;  ///< no package whose name holds one of these
  std::vector<Suite> suites = {};    ///< to be asked in this order when this machine's apt has none
  std::map<std::string, std::string> series = {};  ///< those worth showing: "6.1" -> description

  /// The kernel that the package belongs to by this recipe, "debian:7.3"; empty: to none.
  std::string kernel_of(std::string_view package) const;
  /// What every package of this recipe begins with.
  std::string start() const;
};

/// `file` names the text in errors.
Result<std::vector<Recipe>> parse_recipes(std::string_view text, const std::string& file);

/// "suites" of a recipe: [{"name": ..., "release": ...}]. `place` names it in errors.
Result<std::vector<Suite>> parse_suites(const nlohmann::json& json, const std::string& place);

/// $QUIESCE_RECIPES, else ../share/quiesce/recipes beside the program, else the source tree's.
std::filesystem::path recipes_folder();

/// All recipes of the folder's *.json. An error names the file.
Result<std::vector<Recipe>> load_recipes(const std::filesystem::path& folder);

/// The recipe for a kernel's name, with its series filled in; nullopt: no such name.
std::optional<Recipe> find_recipe(const std::vector<Recipe>& recipes, const std::string& name);

/// The names that are worth showing: those with a description.
std::vector<std::string> shown_names(const std::vector<Recipe>& recipes);

/// How the names look that are not shown, for an error: "debian:SERIES-cloud".
std::vector<std::string> open_names(const std::vector<Recipe>& recipes);

}  // namespace quiesce::builder
