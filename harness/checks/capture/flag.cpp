// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"

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
      missing.push_back("\"" + word + "\"");
  return missing;
}

CheckResult judge_flag(const evidence::Run& run, const json&) {
  const auto capture = description(run);
  if (!capture)
    return verdict(Verdict::inconclusive, "the capture kernel's agent never said hello");
  const auto vmcore = capture->vmcore;
  const std::string line = capture->command_line;
  if (!vmcore || line.empty())
    return verdict(Verdict::inconclusive,
                   "the agent said nothing of /proc/vmcore or of the command line");
  const std::uint64_t bytes = capture->vmcore_bytes;
  const auto missing = missing_words(run.plan.scenario.capture.command_line, line);
  std::vector<std::string> wrong;
  if (line.find("elfcorehdr=") == std::string::npos)
    wrong.emplace_back("its command line has no elfcorehdr=");
  if (!*vmcore)
    wrong.emplace_back("it has no /proc/vmcore");
  else if (bytes == 0)
    wrong.emplace_back("its /proc/vmcore is empty");
  if (!missing.empty()) wrong.push_back("its command line lacks " + list_words(missing));
  CheckResult result =
      wrong.empty()
          ? verdict(Verdict::pass, fmt::format("/proc/vmcore of {}, command line as planned",
                                               format_bytes(Bytes{bytes})))
          : verdict(Verdict::fail, "the capture kernel runs, but " + list_words(wrong));
  result.details.push_back("command line: " + shorten(line, 400));
  result.numbers["vmcore_bytes"] = bytes;
  return result;
}

const Check check_capture_flag{
    .name = "capture.flag",
    .question =
        "Does the capture kernel know that it is one: a /proc/vmcore with contents, "
        "elfcorehdr= and every "
        "word of the planned command line?",
    .needs = {&need::agent},
    .parameters = {},
    .judge = judge_flag};
const Registration register_capture_flag(check_capture_flag);

}  // namespace

}  // namespace quiesce::checks
