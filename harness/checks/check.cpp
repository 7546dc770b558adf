// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/base/text.hpp"
#include "harness/checks/needs.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

std::vector<const Check*>& list() {
  static std::vector<const Check*> checks;
  return checks;
}

const char* type_name(scenario::ParameterSpec::Type type) {
  using Type = scenario::ParameterSpec::Type;
  switch (type) {
    case Type::boolean:
      return "boolean";
    case Type::number:
      return "number";
    case Type::duration:
      return "duration";
    case Type::text:
      return "text";
    case Type::choice:
      return "choice";
    case Type::list:
      return "list";
  }
  return "?";
}

std::string describe(const scenario::ParameterSpec& parameter) {
  std::string type = type_name(parameter.type);
  if (!parameter.choices.empty()) {
    type += parameter.type == scenario::ParameterSpec::Type::list ? " of" : ":";
    for (const std::string& choice : parameter.choices) type += " `" + choice + "`";
  }
  return fmt::format("| `{}` | {} | `{}` | {} |\n", parameter.name, type, parameter.fallback.dump(),
                     parameter.meaning);
}

}  // namespace

const char* to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::fail:
      return "fail";
    case Verdict::skip:
      return "skip";
    case Verdict::inconclusive:
      return "inconclusive";
  }
  return "?";
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::fail:
      return "fail";
    case Outcome::inconclusive:
      return "inconclusive";
    case Outcome::skip:
      return "skip";
    case Outcome::error:
      return "error";
    case Outcome::interrupted:
      return "interrupted";
  }
  return "?";
}

int exit_code(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return 0;
    case Outcome::fail:
      return 1;
    case Outcome::error:
      return 3;
    case Outcome::inconclusive:
      return 4;
    case Outcome::skip:
      return 77;
    case Outcome::interrupted:
      return 130;
  }
  return 3;
}

const std::vector<const Check*>& registry() {
  return list();
}

Registration::Registration(const Check& check) {
  const auto before = [](const Check* a, const Check* b) {
    return std::strcmp(a->name, b->name) < 0;
  };
  auto& checks = list();
  checks.insert(std::upper_bound(checks.begin(), checks.end(), &check, before), &check);
}

nlohmann::json to_json(const RunResult& result) {
  nlohmann::json checks = nlohmann::json::array();
  for (const CheckResult& check : result.checks) {
    nlohmann::json details = nlohmann::json::array();
    for (const std::string& detail : check.details) details.push_back(printable(detail));
    checks.push_back({{"name", check.name},
                      {"verdict", to_string(check.verdict)},
                      {"reason", printable(check.reason)},
                      {"details", std::move(details)},
                      {"control", printable(check.control)},
                      {"numbers", check.numbers}});
  }
  nlohmann::json json = {{"format", record::format},
                         {"evidence", to_string(result.seal.state)},
                         {"scenario", printable(result.scenario)},
                         {"outcome", to_string(result.outcome)},
                         {"reason", printable(result.reason)},
                         {"phase", printable(result.phase)},
                         {"checks", std::move(checks)},
                         {"about", result.about}};
  if (!result.seal.digest.empty()) json["seal"] = result.seal.digest;
  return json;
}

std::map<std::string, std::vector<scenario::ParameterSpec>> vocabulary() {
  std::map<std::string, std::vector<scenario::ParameterSpec>> checks;
  for (const Check* check : registry()) checks[check->name] = check->parameters;
  return checks;
}

std::string checks_markdown() {
  std::string text =
      "# Checks\n\nGenerated from the registry of checks; do not edit.\n\n"
      "A check judges the evidence of a run directory: `pass`, `fail`, `skip` (it does not apply) "
      "or "
      "`inconclusive` (evidence is missing or damaged, or nothing shows that an absence could "
      "have been seen). Whether a check applies is decided by the plan alone.\n\n"
      "Before a check runs, what it needs is looked at once: a file that the seal or its own "
      "numbers show to be damaged, and what is missing though the run came that far, makes the "
      "check inconclusive. Every check needs these:\n\n| needs | whole when |\n|---|---|\n";
  for (const Need* need : {&need::plan, &need::timeline})
    text += fmt::format("| {} | {} |\n", need->name, need->whole);
  for (const Check* check : registry()) {
    text += fmt::format("\n## {}\n\n{}\n", check->name, check->question);
    if (!check->needs.empty()) text += "\n| needs | whole when |\n|---|---|\n";
    for (const Need* need : check->needs)
      text += fmt::format("| {} | {} |\n", need->name, need->whole);
    if (check->parameters.empty()) continue;
    text += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
    for (const auto& parameter : check->parameters) text += describe(parameter);
  }
  return text;
}

}  // namespace quiesce::checks
