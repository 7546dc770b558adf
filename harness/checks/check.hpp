// SPDX-License-Identifier: GPL-2.0-or-later
// What a check is, and judging a run with all of them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/checks/result.hpp"
#include "harness/evidence/run.hpp"
#include "harness/scenario/load.hpp"

namespace quiesce::checks {

/// What a word of a measure means in a sentence: "driver-reset", "its driver reset it".
struct Phrase {
  const char* word;
  const char* says;
};

struct Need;

/// A judgement over the evidence. Never sees a live machine.
struct Check {
  const char* name;
  const char* question;  ///< one sentence: what it answers
  const char* how =
      "";  ///< how it decides, where that needs more than a sentence; for docs/checks.md
  /// Why the check does not apply to a plan; nullopt when it does. By the plan alone: what the plan
  /// asks for and the evidence has not is never a reason to skip. null: applies to every plan.
  std::optional<std::string> (*skips)(const scenario::RunPlan& plan) = nullptr;
  /// Beyond plan and timeline, which every check needs (needs.hpp). What of it is missing or
  /// damaged makes the check inconclusive before it runs.
  std::vector<const Need*> needs = {};
  /// Every code that it finds, beside those of all checks (common_codes.hpp).
  std::vector<const Code*> codes = {};
  std::vector<Phrase> phrases = {};  ///< for `:w` in the codes' templates
  std::vector<scenario::ParameterSpec> parameters;
  /// `parameters` has every parameter, defaults filled in.
  Findings (*judge)(const evidence::Run& run, const nlohmann::json& parameters);
};

/// All checks, by name. (A self-registering list: the library is linked whole.)
const std::vector<const Check*>& registry();
/// Put one static Registration in each check's file.
struct Registration {
  explicit Registration(const Check& check);
};

/// Runs the checks of the run's plan and folds their verdicts: error before fail before
/// inconclusive before pass.
RunResult judge(const evidence::Run& run);

/// docs/checks.md: every check of the registry with its question and parameters.
std::string checks_markdown();
/// Every check with its parameters, for the scenario loader's Vocabulary.
std::map<std::string, std::vector<scenario::ParameterSpec>> vocabulary();

}  // namespace quiesce::checks
