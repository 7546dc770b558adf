// SPDX-License-Identifier: GPL-2.0-or-later
// A result for people: a line a check, then what they need to know of those that did not pass.
#include "reports/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/record/result.hpp"
#include "reports/format.hpp"

namespace quiesce::reports {

using checks::CheckResult;
using checks::RunResult;
using checks::Verdict;

namespace {

constexpr const char* reset = "\x1b[0m";

/// Words that need attention are in capitals, so that they stand out without colour.
struct Shown {
  const char* word;
  const char* shown;
  const char* colour;
};
constexpr Shown styles[] = {
    {"pass", "pass", "\x1b[32m"},     {"fail", "FAIL", "\x1b[1;31m"},
    {"skip", "skip", "\x1b[2m"},      {"inconclusive", "INCONCLUSIVE", "\x1b[33m"},
    {"error", "ERROR", "\x1b[1;35m"}, {"interrupted", "INTERRUPTED", "\x1b[1;35m"},
};

std::string styled(const char* word, bool colour, std::size_t width) {
  for (const Shown& style : styles)
    if (std::string_view(style.word) == word) {
      const std::string padded = fmt::format("{:<{}}", style.shown, width);
      return colour ? style.colour + padded + reset : padded;
    }
  return word;
}

/// One line: what would break the layout is gone.
std::string one_line(const std::string& text) {
  std::string line = printable(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

std::string head(const RunResult& result, bool colour) {
  std::string text =
      styled(to_string(result.outcome), colour, 0) + "  " + one_line(result.scenario);
  std::vector<std::string> facts;
  const auto about = record::read<record::ResultAbout>(result.about);
  const std::string& production = about.production;
  const std::string& capture = about.capture;
  if (!production.empty())
    facts.push_back(production == capture || capture.empty() ? production
                                                             : production + " -> " + capture);
  if (!about.accel.empty()) facts.push_back(about.accel);
  facts.push_back(fmt::format("{:.1f} s", about.seconds));
  if (result.seal.state != evidence::Seal::State::whole)
    facts.emplace_back(to_string(result.seal.state));
  for (std::size_t i = 0; i < facts.size(); ++i)
    text += (i == 0 ? "  (" : ", ") + one_line(facts[i]);
  if (!facts.empty()) text += ")";
  text += "\n";
  if (!result.reason.empty()) text += "  " + one_line(result.reason) + "\n";
  return text;
}

}  // namespace

std::string render_text(const RunResult& result, bool colour, bool verbose) {
  std::string text = head(result, colour);
  std::size_t verdict_width = 0;
  std::size_t name_width = 0;
  for (const CheckResult& check : result.checks) {
    verdict_width = std::max(verdict_width, std::string_view(to_string(check.verdict)).size());
    name_width = std::max(name_width, check.name.size());
  }
  const std::string indent(verdict_width + name_width + 6, ' ');
  for (const CheckResult& check : result.checks) {
    text +=
        fmt::format("  {}  {:<{}}  {}\n", styled(to_string(check.verdict), colour, verdict_width),
                    one_line(check.name), name_width, one_line(check.reason));
    const bool troubled = check.verdict == Verdict::fail || check.verdict == Verdict::inconclusive;
    if (!troubled && !verbose) continue;
    for (const std::string& detail : check.details) text += indent + one_line(detail) + "\n";
    if (!check.control.empty()) text += indent + "control: " + one_line(check.control) + "\n";
  }
  for (const auto& damage : record::read<record::ResultAbout>(result.about).damage)
    text += "  note: " + one_line(damage) + "\n";
  return text;
}

namespace {

std::string render(const RunResult& result, const Style& style) {
  return render_text(result, style.colour, style.verbose) + "\n";
}

const Format text_format{.name = "text",
                         .meaning = "for people: the verdict with its reasons",
                         .media = "text/plain",
                         .ending = ".txt",
                         .render = render};
const Registration register_text(text_format);

}  // namespace

}  // namespace quiesce::reports
