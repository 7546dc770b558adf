// SPDX-License-Identifier: GPL-2.0-or-later
// What a check is, and what judging a run gives.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/evidence/run.hpp"
#include "harness/scenario/load.hpp"

namespace quiesce::checks {

/// A check's verdict. inconclusive: the evidence is missing, or the control was not seen.
enum class Verdict { pass, fail, skip, inconclusive };
const char* to_string(Verdict verdict);

struct CheckResult {
  std::string name;  ///< "dma.stopped"
  Verdict verdict = Verdict::inconclusive;
  std::string reason;                ///< one sentence for people, with the numbers that decided
  std::vector<std::string> details;  ///< one line each: per device, per function, per message
  std::string control;               ///< what shows that an absence could have been seen
  nlohmann::json numbers = nlohmann::json::object();  ///< for programs; seconds, counts, bytes
};

struct Need;

/// A judgement over the evidence. Never sees a live machine.
struct Check {
  const char* name;
  const char* question;  ///< one sentence: what it answers
  /// Why the check does not apply to a plan; nullopt when it does. By the plan alone: what the plan
  /// asks for and the evidence has not is never a reason to skip. null: applies to every plan.
  std::optional<std::string> (*skips)(const scenario::RunPlan& plan) = nullptr;
  /// Beyond plan and timeline, which every check needs (needs.hpp). What of it is missing or
  /// damaged makes the check inconclusive before it runs.
  std::vector<const Need*> needs = {};
  std::vector<scenario::ParameterSpec> parameters;
  /// `parameters` has every parameter, defaults filled in.
  CheckResult (*judge)(const evidence::Run& run, const nlohmann::json& parameters);
};

/// All checks, by name. (A self-registering list: the library is linked whole.)
const std::vector<const Check*>& registry();
/// Put one static Registration in each check's file.
struct Registration {
  explicit Registration(const Check& check);
};

/// How a whole run came out.
enum class Outcome { pass, fail, inconclusive, skip, error, interrupted };
const char* to_string(Outcome outcome);

struct RunResult {
  std::string scenario;
  Outcome outcome = Outcome::error;
  std::string reason;               ///< for error: what failed; else the first check that decided
  std::string phase;                ///< for error and interrupted: where
  std::vector<CheckResult> checks;  ///< in the order of the registry
  evidence::Seal seal;              ///< of the evidence; its digest goes into result.json as it is
  nlohmann::json about;  ///< kernels, QEMU, accelerator, seconds: what a reader needs to repeat it
};

/// Runs the checks of the run's plan and folds their verdicts: error before fail before
/// inconclusive before pass.
RunResult judge(const evidence::Run& run);

nlohmann::json to_json(const RunResult& result);
/// docs/checks.md: every check of the registry with its question and parameters.
std::string checks_markdown();
/// Every check with its parameters, for the scenario loader's Vocabulary.
std::map<std::string, std::vector<scenario::ParameterSpec>> vocabulary();

/// 0 pass, 1 fail, 3 error, 4 inconclusive, 77 skip, 130 interrupted.
int exit_code(Outcome outcome);

}  // namespace quiesce::checks
