// SPDX-License-Identifier: GPL-2.0-or-later
// Kernels that can be fetched by name: the JSON files of vm-images/recipes/.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::builder {

/// Which packages of the machine's own distribution hold a kernel.
struct Recipe {
  std::string name;  ///< "debian:6.1"
  std::string description;
  std::string prefix;                ///< of the package's name: "linux-image-6.1."
  std::string suffix;                ///< "-amd64"
  std::vector<std::string> without;  ///< no package whose name holds one of these

  bool matches(std::string_view package) const;
};

/// `file` names the text in errors.
Result<std::vector<Recipe>> parse_recipes(std::string_view text, const std::string& file);

/// $QUIESCE_RECIPES, else ../share/quiesce/recipes beside the program, else the source tree's.
std::filesystem::path recipes_folder();

/// All recipes of the folder's *.json. An error names the file.
Result<std::vector<Recipe>> load_recipes(const std::filesystem::path& folder);

}  // namespace quiesce::builder
