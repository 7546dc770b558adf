// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "harness/checks/common_codes.hpp"
#include "harness/checks/needs.hpp"

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

std::string describe(const Code& code) {
  return fmt::format("| `{}` | {}{} | {} |\n", code.name,
                     code.verdict ? to_string(*code.verdict) : "told",
                     code.of_time ? ", of time" : "", code.meaning);
}

constexpr const char* codes_head = "\n| finding | verdict | what it says |\n|---|---|---|\n";

}  // namespace

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
  text +=
      "\nWhat a check found is data: findings, each of one subject (the run, a device, a function, "
      "a message ...), with a code of the check's table, measures and their units, the control, "
      "and references into the evidence. The verdict is the fold of theirs: fail before "
      "inconclusive before pass before skip; a finding that is told decides nothing, and a failure "
      "of time is inconclusive where the host starved the machine (`starved`). "
      "`result.json` carries them ([run-directory.md](run-directory.md)); all sentences are made "
      "of them. Every check can find these:\n" +
      std::string(codes_head);
  for (const Code* code : common_codes()) text += describe(*code);
  for (const Check* check : registry()) {
    text += fmt::format("\n## {}\n\n{}\n", check->name, check->question);
    if (*check->how != '\0') text += fmt::format("\n{}\n", check->how);
    if (!check->needs.empty()) text += "\n| needs | whole when |\n|---|---|\n";
    for (const Need* need : check->needs)
      text += fmt::format("| {} | {} |\n", need->name, need->whole);
    text += codes_head;
    for (const Code* code : check->codes) text += describe(*code);
    if (check->parameters.empty()) continue;
    text += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
    for (const auto& parameter : check->parameters) text += describe(parameter);
  }
  return text;
}

}  // namespace quiesce::checks
