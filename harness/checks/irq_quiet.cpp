// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts of the capture kernel: storms, disabled lines, vectors that nobody set up.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/text.hpp"
#include "harness/checks/log_patterns.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

struct Line {
  std::uint64_t total = 0;
  std::uint64_t unhandled = 0;
  std::string actions;
};

/// One answer to `interrupts`.
struct Sample {
  double t = 0;
  std::map<std::string, Line> lines;  ///< numbered ones: LOC and the like are the CPU's own
  std::vector<std::string> disabled;
  double ticks = 0;
  double irq_ticks = 0;
};

bool is_numbered(const std::string& name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

/// The actions are a text or a list of texts.
std::string actions_of(const json& line) {
  const json& actions = evidence::member_of(line, "actions");
  if (!actions.is_array()) return evidence::text_of(line, "actions");
  std::vector<std::string> words;
  for (const json& action : actions)
    if (action.is_string()) words.push_back(evidence::text_of({{"a", action}}, "a"));
  return list_words(words);
}

Sample sample_of(const evidence::AgentMessage& answer) {
  Sample sample;
  sample.t = answer.t;
  for (const json& line : evidence::list_of(answer.payload, "lines"))
    if (const std::string name = evidence::text_of(line, "name"); is_numbered(name))
      sample.lines[name] = {evidence::whole_of(line, "total").value_or(0), 0, actions_of(line)};
  for (const json& spurious : evidence::list_of(answer.payload, "spurious")) {
    std::string name = evidence::text_of(spurious, "line");
    if (const auto number = evidence::whole_of(spurious, "line")) name = std::to_string(*number);
    if (is_numbered(name))
      sample.lines[name].unhandled = evidence::whole_of(spurious, "unhandled").value_or(0);
  }
  for (const json& line : evidence::list_of(answer.payload, "disabled"))
    sample.disabled.push_back(line.is_string() ? evidence::text_of({{"l", line}}, "l")
                                               : shorten(line.dump(), 20));
  const json& time = evidence::member_of(answer.payload, "time");
  sample.ticks = evidence::number_of(time, "total").value_or(0);
  sample.irq_ticks = evidence::number_of(time, "irq").value_or(0) +
                     evidence::number_of(time, "softirq").value_or(0);
  return sample;
}

std::map<std::string, Sample> samples_of(const evidence::Run& run) {
  std::map<std::string, Sample> samples;
  for (const auto* answer : said(run, "capture", "response", "interrupts"))
    if (answer->payload.contains("lines"))
      samples[evidence::text_of(answer->payload, "at")] = sample_of(*answer);
  return samples;
}

/// What the kernel's log says of interrupts, each message once.
struct Messages {
  std::vector<std::string> disabled;
  std::vector<std::string> vectors;
  std::vector<std::string> spurious;
};

Messages messages_of(const evidence::Run& run, const Story& story) {
  Messages messages;
  std::set<std::string> seen;
  const auto add = [&](std::string_view text) {
    if (!seen.insert(std::string(text)).second) return;
    const std::string line = shorten(text, 160);
    if (matches("nobody cared", text) || matches("Disabling IRQ", text))
      messages.disabled.push_back(line);
    else if (matches("No irq handler for", text))
      messages.vectors.push_back(line);
    else if (matches("purious", text) && (matches("nterrupt", text) || matches("IRQ", text)))
      messages.spurious.push_back(line);
  };
  for (const auto* line : capture_serial(run, story)) add(message_of(line->text));
  if (const auto* answer = last_said(run, "capture", "response", "kmsg"))
    for (const json& entry : evidence::list_of(answer->payload, "entries"))
      add(evidence::text_of(entry, "text"));
  return messages;
}

/// Between two samples: a line a numbered interrupt, and the storms among them.
void compare(CheckResult& result, std::vector<std::string>& storms, const Sample& from,
             const Sample& to, const std::string& span, double limit) {
  const double seconds = to.t - from.t;
  if (seconds <= 0) return;
  json& numbers = result.numbers["spans"][span];
  numbers = {{"seconds", seconds}, {"lines", json::object()}};
  if (to.ticks > from.ticks)
    numbers["irq_share"] =
        std::clamp((to.irq_ticks - from.irq_ticks) / (to.ticks - from.ticks), 0.0, 1.0);
  for (const auto& [name, line] : to.lines) {
    const auto before = from.lines.find(name);
    const auto had = before == from.lines.end() ? Line{} : before->second;
    const std::uint64_t total = line.total - std::min(line.total, had.total);
    const std::uint64_t unhandled = line.unhandled - std::min(line.unhandled, had.unhandled);
    if (total == 0 && unhandled == 0) continue;
    const auto nobodys = line.actions.empty() ? std::max(total, unhandled) : unhandled;
    const double rate = static_cast<double>(nobodys) / seconds;
    numbers["lines"][name] = {{"count", total}, {"unhandled", unhandled}, {"unwanted_per_s", rate}};
    result.details.push_back(fmt::format("{}: irq {:>3} ({}): {} in {:.1f} s, {} unhandled", span,
                                         name, line.actions.empty() ? "no driver" : line.actions,
                                         total, seconds, unhandled));
    if (rate > limit)
      storms.push_back(fmt::format("irq {} came {:.0f} times a second {} and no driver took it",
                                   name, rate, span));
  }
}

std::string command_line(const evidence::Run& run) {
  const auto* hello = last_said(run, "capture", "event", "hello");
  const std::string told = hello ? evidence::text_of(hello->payload, "command_line") : "";
  return told.empty() ? run.plan.scenario.capture.command_line : told;
}

void note_command_line(CheckResult& result, const evidence::Run& run) {
  const auto words = split(command_line(run), ' ');
  for (const std::string word : {"irqpoll", "pci=nomsi"}) {
    const bool given = std::find(words.begin(), words.end(), word) != words.end();
    result.numbers[word] = given;
    result.details.push_back(
        fmt::format("{} is {}on the capture kernel's command line", word, given ? "" : "not "));
  }
}

void compare_all(CheckResult& result, std::vector<std::string>& storms,
                 const std::map<std::string, Sample>& samples, double limit) {
  struct Span {
    const char* from;
    const char* to;
    const char* words;
  };
  constexpr Span spans[] = {
      {record::mark::capture_entry, "window-end", "before the drivers"},
      {"window-end", record::mark::drivers, "while drivers loaded"},
      {record::mark::drivers, record::mark::capture_end, "after the drivers"}};
  for (const Span& span : spans) {
    const auto from = samples.find(span.from);
    const auto to = samples.find(span.to);
    if (from != samples.end() && to != samples.end())
      compare(result, storms, from->second, to->second, span.words, limit);
  }
}

CheckResult judge_irq(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.first_line && !points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel said nothing");
  CheckResult result = verdict(Verdict::pass, "no storm, no line disabled");
  note_command_line(result, run);
  const auto samples = samples_of(run);
  const Messages messages = messages_of(run, points);
  std::set<std::string> disabled;
  for (const auto& [at, sample] : samples)
    disabled.insert(sample.disabled.begin(), sample.disabled.end());
  std::vector<std::string> failures;
  compare_all(result, failures, samples, evidence::number_of(parameters, "storm").value_or(1000));
  if (!messages.disabled.empty())
    failures.insert(failures.begin(), "the kernel gave a line up: " + messages.disabled.front());
  else if (!disabled.empty())
    failures.insert(failures.begin(),
                    "the kernel disabled irq " + list_words({disabled.begin(), disabled.end()}));
  const double stale = evidence::number_of(parameters, "stale_vectors").value_or(-1);
  if (stale >= 0 && static_cast<double>(messages.vectors.size()) > stale)
    failures.push_back(
        fmt::format("{} without a handler", count(messages.vectors.size(), "vector")));
  for (const auto* list : {&messages.disabled, &messages.vectors, &messages.spurious})
    append_capped(result.details, *list, 10);
  result.numbers["stale_vectors"] = messages.vectors.size();
  result.numbers["spurious_messages"] = messages.spurious.size();
  result.numbers["disabled"] = std::max(messages.disabled.size(), disabled.size());
  result.control = fmt::format("interrupts were counted at {} points", samples.size());
  if (!failures.empty()) {
    result.verdict = Verdict::fail;
    result.reason = failures.front() +
                    (failures.size() > 1 ? fmt::format(" (and {} more)", failures.size() - 1) : "");
  } else if (samples.size() < 2 || !result.numbers.contains("spans")) {
    result.verdict = Verdict::inconclusive;
    result.reason = "interrupts were not counted twice in the capture kernel";
  }
  return result;
}

const Check check{
    .name = "irq.quiet",
    .question =
        "Is the capture kernel spared interrupts that nobody asked for: no storm, no line "
        "disabled, "
        "no stale vector beyond what is tolerated?",
    .parameters =
        {{.name = "storm",
          .type = scenario::ParameterSpec::Type::number,
          .choices = {},
          .fallback = 1000,
          .meaning = "interrupts per second that no driver takes, above which the line is a storm; "
                     "a quiet line has none, and the kernel disables one after 99900 of 100000"},
         {.name = "stale_vectors",
          .type = scenario::ParameterSpec::Type::number,
          .choices = {},
          .fallback = -1,
          .meaning = "messages \"No irq handler for vector\" that are tolerated; -1: any number, "
                     "for every stock capture kernel shows some"}},
    .judge = judge_irq};
const Registration registration(check);

}  // namespace

}  // namespace quiesce::checks
