// SPDX-License-Identifier: GPL-2.0-or-later
// From text to a Scenario, or to everything that is wrong with it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/scenario/model.hpp"

namespace quiesce::scenario {

/// One thing that is wrong: where, what was expected, what was found, and the remedy where one can
/// be named.
struct Diagnostic {
  std::string file;
  std::string place;    ///< JSON pointer, or "line 3, column 7" for text that is no JSON
  std::string message;  ///< "expected a whole number from 1 to 64, found \"two\""
  /// "first-run.json: /machine/cpus: expected ..."
  std::string describe() const;
};

template <class T>
using Loaded = tl::expected<T, std::vector<Diagnostic>>;

/// One parameter of a check, as a scenario may give it.
struct ParameterSpec {
  std::string name;
  enum class Type { boolean, number, duration, text, choice, list } type = Type::text;
  std::vector<std::string> choices;  ///< for choice
  nlohmann::json fallback;           ///< the default
  std::string meaning;
};

/// What the loader must know of the world to refuse what does not exist.
struct Vocabulary {
  std::vector<Profile> profiles;
  std::map<std::string, std::vector<ParameterSpec>> checks;  ///< every check and its parameters
};

/// One value that is laid over a scenario, and who says so, which diagnostics name.
struct Override {
  std::string text;                ///< "machine.cpus=1"
  std::string named_by = "--set";  ///< the option
  // A text alone is one of --set.
  Override(std::string setting)
      : text(std::move(setting)) {}                 // NOLINT(google-explicit-constructor)
  Override(const char* setting) : text(setting) {}  // NOLINT(google-explicit-constructor)
  Override(std::string setting, std::string option)
      : text(std::move(setting)), named_by(std::move(option)) {}
};

/// `overrides`: as --set has them, "machine.cpus=1" or "/devices/0/activity/rate=200" (value as
/// JSON, or a bare string). `devices`: profiles of --device; each that no device of the scenario
/// names gets one of its own, as the last. Texts may hold comments: // to the line's end, and /*
/// */.
Loaded<std::vector<Scenario>> load(const std::filesystem::path& path, const Vocabulary& vocabulary,
                                   std::span<const Override> overrides = {},
                                   std::span<const std::string> devices = {});
/// The same from text; `name` stands for the file in diagnostics. One Scenario a cell of the
/// matrix, in its order; a cell's name is "NAME/cpus=1,memory=2GiB".
Loaded<std::vector<Scenario>> load_text(std::string_view text, const std::string& name,
                                        const Vocabulary& vocabulary,
                                        std::span<const Override> overrides = {},
                                        std::span<const std::string> devices = {});

Loaded<Profile> load_profile(const std::filesystem::path& path);
Loaded<Profile> load_profile_text(std::string_view text, const std::string& name);
/// Every *.json of the folder, by name.
Loaded<std::vector<Profile>> load_catalog(const std::filesystem::path& folder);

/// "AC97" -> "ac97", "ne2k_pci" -> "ne2k-pci": a name of the form that profiles and devices have,
/// of a -device of QEMU's.
std::string device_name_of(std::string_view driver);

/// The published JSON Schema of a scenario, from the same tables that the loader uses.
nlohmann::json schema(const Vocabulary& vocabulary);

}  // namespace quiesce::scenario
