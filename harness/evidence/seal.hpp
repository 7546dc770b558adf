// SPDX-License-Identifier: GPL-2.0-or-later
// Is a run directory as its run left it?
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/record/manifest.hpp"

namespace quiesce::evidence {

struct Seal {
  enum class State {
    unsealed,  ///< nobody vouches for the files: a killed run, or one that somebody else made
    whole,
    broken,  ///< something is missing, more, or changed
  };
  State state = State::unsealed;
  /// SHA-256 of manifest.json as result.json has it, or as the run that just ended wrote it; empty:
  /// none.
  std::string digest;
};
const char* to_string(Seal::State state);

/// The digest that a result.json carries; empty when it has none.
std::string digest_in(std::string_view result);

/// What is there against the manifest. `manifest` and `result` are the texts of manifest.json and
/// result.json, nullopt when they are not there; `just_made`: the digest of the run that just
/// ended, whose result.json is not written yet. What does not fit is added to `damage`, one
/// sentence a file, "FILE: what".
Seal check_seal(const std::optional<std::string>& manifest,
                const std::optional<std::string>& result,
                const std::optional<std::string>& just_made, const record::Inventory& there,
                std::vector<std::string>& damage);

/// The lengths that run.end noted against what is there; for runs without a manifest.
void check_lengths(const nlohmann::json& lengths, const record::Inventory& there,
                   std::vector<std::string>& damage);

}  // namespace quiesce::evidence
