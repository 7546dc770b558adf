// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/result.hpp"

#include "harness/base/text.hpp"
#include "harness/record/result.hpp"

namespace quiesce::checks {

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

namespace {

record::ResultMeasure as_record(const Measure& measure) {
  record::ResultMeasure to{measure.key, {}, {}};
  if (measure.unit != Unit::none) to.unit = to_string(measure.unit);
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        to.value = record::Json(value);
        if constexpr (std::is_same_v<T, std::string>) to.value = printable(value);
        if constexpr (std::is_same_v<T, std::vector<std::string>>)
          for (auto& text : to.value) text = printable(text.template get_ref<std::string&>());
      },
      measure.value);
  return to;
}

record::ResultFinding as_record(const Finding& finding) {
  record::ResultFinding to;
  to.subject = {to_string(finding.subject.kind), printable(finding.subject.name)};
  to.code = finding.code;
  if (finding.verdict) to.verdict = to_string(*finding.verdict);
  for (const Measure& measure : finding.measures) to.measures.push_back(as_record(measure));
  for (const Measure& measure : finding.control) to.control.push_back(as_record(measure));
  for (const Reference& from : finding.references)
    to.references.push_back({printable(from.file), printable(from.what), from.t});
  return to;
}

record::ResultCheck as_record(const CheckResult& check) {
  record::ResultCheck to{check.name, to_string(check.verdict), {}, printable(check.reason),
                         {},         printable(check.control)};
  for (const Finding& finding : check.findings) to.findings.push_back(as_record(finding));
  for (const std::string& detail : check.details) to.details.push_back(printable(detail));
  return to;
}

}  // namespace

nlohmann::json to_json(const RunResult& result) {
  record::ResultFile file;
  file.evidence = to_string(result.seal.state);
  file.scenario = printable(result.scenario);
  file.outcome = to_string(result.outcome);
  file.reason = printable(result.reason);
  file.phase = printable(result.phase);
  for (const CheckResult& check : result.checks) file.checks.push_back(as_record(check));
  file.about = record::read<record::ResultAbout>(result.about);
  if (!result.seal.digest.empty()) file.seal = result.seal.digest;
  return record::as_json(file);
}

}  // namespace quiesce::checks
