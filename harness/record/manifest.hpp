// SPDX-License-Identifier: GPL-2.0-or-later
// manifest.json: every file of a run directory as the run left it. result.json carries the SHA-256
// of the manifest: that is the seal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.hpp"

namespace quiesce::record {

/// A file as it is.
struct Present {
  std::uint64_t bytes = 0;
  std::string sha256;
  std::optional<std::uint64_t> records;  ///< lines, of an .ndjson
};
/// By the name in the run directory ("pci/handover.json").
using Inventory = std::map<std::string, Present>;

/// Not covered: the manifest itself and what is written after it.
bool is_covered(const std::string& name);

/// `name` in `folder`, read once and not held; `also` gets its bytes as they come. io when it
/// cannot be read.
Result<Present> look_at(const std::filesystem::path& folder, const std::string& name,
                        const std::function<void(std::string_view)>& also = {});
Present look_at_text(const std::string& name, std::string_view text);

nlohmann::json to_json(const Inventory& inventory);
/// nullopt when it is no manifest.
std::optional<Inventory> inventory_from_json(const nlohmann::json& manifest);

}  // namespace quiesce::record
