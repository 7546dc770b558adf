// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// What the capture kernel says of itself: the answer to `describe`, else its hello.
std::optional<record::answer::Kernel> description(const evidence::Run& run) {
  // An answer without it is damaged, and the hello does not make up for that.
  if (const auto answer = run.last_said<record::answer::Describe>("capture");
      answer && !answer->refused)
    return *answer;
  const auto hello = run.last_said<record::said::Hello>("capture");
  return hello ? std::optional<record::answer::Kernel>(*hello) : std::nullopt;
}

/// Words of the plan's capture command line that the kernel did not get.
std::vector<std::string> missing_words(const std::string& asked, const std::string& given) {
  const auto words = split(given, ' ');
  std::vector<std::string> missing;
  for (const std::string& word : split(asked, ' '))
    if (!word.empty() && std::find(words.begin(), words.end(), word) == words.end())
      missing.push_back(word);
  return missing;
}

const Code is_capture{.name = "is-capture",
                      .verdict = Verdict::pass,
                      .meaning = "it has a /proc/vmcore and the command line of the plan",
                      .sentence = "/proc/vmcore of {vmcore_bytes:B}, command line as planned"};
const Code not_capture{
    .name = "not-capture",
    .verdict = Verdict::fail,
    .meaning = "it runs, and lacks what makes it a capture kernel",
    .sentence =
        "the capture kernel runs, but <[?no_elfcorehdr its command line has no "
        "elfcorehdr=][?no_vmcore it has no /proc/vmcore][?empty_vmcore its /proc/vmcore is "
        "empty][its command line lacks {missing:q}]>"};
const Code no_hello{.name = "no-hello",
                    .verdict = Verdict::inconclusive,
                    .meaning = "the capture kernel's agent was never heard",
                    .sentence = "the capture kernel's agent never said hello"};
const Code flag_not_told{
    .name = "not-told",
    .verdict = Verdict::inconclusive,
    .meaning = "the agent left out what is asked here",
    .sentence = "the agent said nothing of /proc/vmcore or of the command line"};
const Code command_line_given{.name = "command-line",
                              .verdict = {},
                              .meaning = "what the capture kernel was booted with",
                              .line = "command line: {text}"};

Findings judge_flag(const evidence::Run& run, const json&) {
  const auto capture = description(run);
  if (!capture) return {found(no_hello)};
  const auto vmcore = capture->vmcore;
  const std::string line = capture->command_line;
  if (!vmcore || line.empty()) return {found(flag_not_told)};
  const std::uint64_t bytes = capture->vmcore_bytes;
  const auto missing = missing_words(run.plan.scenario.capture.command_line, line);
  const bool no_elfcorehdr = line.find("elfcorehdr=") == std::string::npos;
  const bool good = !no_elfcorehdr && *vmcore && bytes > 0 && missing.empty();
  Finding finding = found(good ? is_capture : not_capture, {measure::bytes("vmcore_bytes", bytes)});
  if (!good)
    finding.with(measure::flag("no_elfcorehdr", no_elfcorehdr))
        .with(measure::flag("no_vmcore", !*vmcore))
        .with(measure::flag("empty_vmcore", *vmcore && bytes == 0))
        .with(measure::list("missing", missing));
  finding.seen_in({record::file::agent, record::said::Hello::name, std::nullopt});
  return {finding, found(command_line_given, {measure::text("text", shorten(line, 400))})};
}

const Check check_capture_flag{
    .name = "capture.flag",
    .question =
        "Does the capture kernel know that it is one: a /proc/vmcore with contents, "
        "elfcorehdr= and every "
        "word of the planned command line?",
    .needs = {&need::agent},
    .codes = {&is_capture, &not_capture, &no_hello, &flag_not_told, &command_line_given},
    .parameters = {},
    .judge = judge_flag};
const Registration register_capture_flag(check_capture_flag);

}  // namespace

}  // namespace quiesce::checks
