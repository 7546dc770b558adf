// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/seal.hpp"

#include <fmt/format.h>

#include "harness/base/digest.hpp"
#include "harness/base/text.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;
using record::Inventory;

/// "missing", "shorter" or "longer"; empty when the length is right.
std::string wrong_length(const std::string& name, std::uint64_t bytes, const Inventory& there) {
  const auto found = there.find(name);
  if (found == there.end()) return fmt::format("it is missing; the run left {} bytes", bytes);
  if (found->second.bytes == bytes) return {};
  return fmt::format("it is {} than the run left it, {} of {} bytes",
                     found->second.bytes < bytes ? "shorter" : "longer", found->second.bytes,
                     bytes);
}

void compare(const Inventory& left, const Inventory& there, std::vector<std::string>& damage) {
  for (const auto& [name, present] : left) {
    std::string wrong = wrong_length(name, present.bytes, there);
    if (wrong.empty() && there.at(name).sha256 != present.sha256)
      wrong = "it was changed since the run left it";
    if (!wrong.empty()) damage.push_back(printable(name) + ": " + wrong);
  }
  for (const auto& [name, present] : there)
    if (record::is_covered(name) && left.count(name) == 0)
      damage.push_back(printable(name) + ": the run left no such file");
}

}  // namespace

const char* to_string(Seal::State state) {
  switch (state) {
    case Seal::State::unsealed:
      return "unsealed";
    case Seal::State::whole:
      return "sealed";
    case Seal::State::broken:
      return "seal broken";
  }
  return "?";
}

std::string digest_in(std::string_view result) {
  return text_of(parsed(result), "seal");
}

Seal check_seal(const std::optional<std::string>& manifest,
                const std::optional<std::string>& result,
                const std::optional<std::string>& just_made, const Inventory& there,
                std::vector<std::string>& damage) {
  Seal seal;
  seal.digest = just_made ? *just_made : result ? digest_in(*result) : std::string();
  const std::string file = record::file::manifest;
  const std::size_t before = damage.size();
  if (!manifest) {
    if (seal.digest.empty()) return seal;
    damage.push_back(file + ": it is missing, and result.json speaks of a seal");
  } else if (seal.digest.empty()) {
    damage.push_back(std::string(record::file::result) +
                     (result ? ": it carries no seal, and there is a manifest.json"
                             : ": it is missing, and there is a manifest.json"));
  } else if (sha256(*manifest) != seal.digest) {
    damage.push_back(file + ": it does not fit the seal in result.json");
  }
  if (manifest) {
    if (const auto left = record::inventory_from_json(parsed(*manifest)))
      compare(*left, there, damage);
    else
      damage.push_back(file + ": it is no manifest");
  }
  if (seal.digest.empty()) return seal;
  seal.state = damage.size() == before ? Seal::State::whole : Seal::State::broken;
  return seal;
}

void check_lengths(const json& lengths, const Inventory& there, std::vector<std::string>& damage) {
  if (!lengths.is_object()) return;
  for (const auto& [name, bytes] : lengths.items())
    if (bytes.is_number_unsigned())
      if (const auto wrong = wrong_length(name, bytes.get<std::uint64_t>(), there); !wrong.empty())
        damage.push_back(printable(name) + ": " + wrong);
}

}  // namespace quiesce::evidence
