// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/finding.hpp"

#include <algorithm>
#include <array>

namespace quiesce::checks {

const char* to_string(Verdict verdict) {
  constexpr std::array<const char*, 4> words{"pass", "fail", "skip", "inconclusive"};
  return words.at(static_cast<std::size_t>(verdict));
}

const char* to_string(Subject::Kind kind) {
  constexpr std::array<const char*, 12> words{"run",       "device",  "function", "cpu",
                                              "interrupt", "vector",  "span",     "row",
                                              "word",      "message", "writer",   "evidence"};
  return words.at(static_cast<std::size_t>(kind));
}

const char* to_string(Unit unit) {
  constexpr std::array<const char*, 8> words{"", "s", "ms", "bytes", "pages", "Hz", "1/s", "%"};
  return words.at(static_cast<std::size_t>(unit));
}

const Measure* find(const Measures& measures, std::string_view key) {
  const auto found = std::find_if(measures.begin(), measures.end(),
                                  [&](const Measure& measure) { return measure.key == key; });
  return found == measures.end() ? nullptr : &*found;
}

namespace measure {

Measure flag(std::string key, bool value) {
  return {std::move(key), value};
}
Measure count(std::string key, std::uint64_t value) {
  return {std::move(key), value};
}
Measure pages(std::string key, std::uint64_t value) {
  return {std::move(key), value, Unit::pages};
}
Measure bytes(std::string key, std::uint64_t value) {
  return {std::move(key), value, Unit::bytes};
}
Measure seconds(std::string key, double value) {
  return {std::move(key), value, Unit::seconds};
}
Measure milliseconds(std::string key, double value) {
  return {std::move(key), value, Unit::milliseconds};
}
Measure number(std::string key, double value, Unit unit) {
  return {std::move(key), value, unit};
}
Measure text(std::string key, std::string value) {
  return {std::move(key), std::move(value)};
}
Measure list(std::string key, std::vector<std::string> value) {
  return {std::move(key), std::move(value)};
}

}  // namespace measure

Finding& Finding::with(Measure measure) {
  measures.push_back(std::move(measure));
  return *this;
}

Finding& Finding::with_seconds(const char* key, const std::optional<double>& value) {
  if (value) measures.push_back(measure::seconds(key, *value));
  return *this;
}

Finding& Finding::too_long(const Overrun& how) {
  overrun = how;
  return *this;
}

Finding& Finding::seen_in(Reference reference) {
  references.push_back(std::move(reference));
  return *this;
}

Finding found(const Code& code, Measures measures) {
  return found(code, Subject{}, std::move(measures));
}

Finding found(const Code& code, Subject subject, Measures measures) {
  return {std::move(subject), code.name, code.verdict, std::move(measures), {}, {}};
}

Finding found_of(const Code& code, const std::string& device, Measures measures) {
  return found(code, {Subject::Kind::device, device}, std::move(measures));
}

Verdict fold(const Findings& findings) {
  for (const Verdict worst : {Verdict::fail, Verdict::inconclusive, Verdict::pass, Verdict::skip})
    if (std::any_of(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.verdict == worst; }))
      return worst;
  return Verdict::inconclusive;
}

}  // namespace quiesce::checks
