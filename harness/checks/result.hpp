// SPDX-License-Identifier: GPL-2.0-or-later
// What judging a run gives: all that a report sees of it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/checks/finding.hpp"
#include "harness/evidence/seal.hpp"

namespace quiesce::checks {

struct CheckResult {
  std::string name;  ///< "dma.stopped"
  Verdict verdict = Verdict::inconclusive;
  Findings findings;  ///< what everything else here is made of
  // Sentences for people, made of the findings (sentences.hpp).
  std::string reason;                ///< one, with the numbers that decided
  std::vector<std::string> details;  ///< one line each: per device, per function, per message
  std::string control;               ///< what shows that an absence could have been seen
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

/// result.json (record::ResultFile).
nlohmann::json to_json(const RunResult& result);

/// 0 pass, 1 fail, 3 error, 4 inconclusive, 77 skip, 130 interrupted.
int exit_code(Outcome outcome);

}  // namespace quiesce::checks
