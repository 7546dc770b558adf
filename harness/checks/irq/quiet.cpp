// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts of the capture kernel: storms, disabled lines, vectors that nobody set up.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/checks/irq/needs.hpp"
#include "harness/checks/irq/samples.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// After so many the kernel looks how many of them nobody handled, and counts anew.
constexpr std::uint64_t kernel_counts_anew = 100'000;

/// What came between two samples.
struct Grown {
  std::uint64_t total = 0;
  std::uint64_t unhandled = 0;
};

Grown grown(const IrqLine& before, const IrqLine& now) {
  Grown grown;
  grown.total = now.total - std::min(now.total, before.total);
  // The kernel begins anew after each 100000 interrupts (kernel/irq/spurious.c, note_interrupt).
  grown.unhandled =
      now.unhandled < before.unhandled ? now.unhandled : now.unhandled - before.unhandled;
  return grown;
}

/// "net0, PCI-MSI 524288-edge, eth0".
std::string describe_line(const IrqLine& line) {
  std::string text;
  for (const std::string& word :
       {line.device, line.chip, line.actions.empty() ? std::string("no driver") : line.actions})
    if (!word.empty()) text += (text.empty() ? "" : ", ") + word;
  return text;
}

struct Span {
  std::string words;  ///< "before the drivers"
  const IrqSample* from;
  const IrqSample* to;
};

/// Time that the CPUs spent in handlers, and the APIC's own complaints.
void tell_cost(CheckResult& result, json& numbers, const Span& span, double seconds) {
  const IrqSample& from = *span.from;
  const IrqSample& to = *span.to;
  if (to.ticks > from.ticks) {
    const double share =
        std::clamp((to.irq_ticks - from.irq_ticks) / (to.ticks - from.ticks), 0.0, 1.0);
    numbers["irq_share"] = share;
    numbers["irq_s"] = share * seconds;
    constexpr double worth_a_line = 0.01;
    if (share >= worth_a_line)
      result.details.push_back(
          fmt::format("{}: {:.0f} % of the CPUs' time in interrupts, {:.1f} of {:.1f} s",
                      span.words, share * 100, share * seconds, seconds));
  }
  for (const auto& [name, count] :
       {std::pair{"spurious", to.spurious - std::min(to.spurious, from.spurious)},
        std::pair{"apic_errors", to.errors - std::min(to.errors, from.errors)}}) {
    numbers[name] = count;
    if (count > 0)
      result.details.push_back(fmt::format("{}: {} {}", span.words, count,
                                           std::string_view(name) == "spurious"
                                               ? "spurious interrupts of the APIC"
                                               : "errors of the APIC"));
  }
}

/// A line a numbered interrupt, and the storms among them.
void compare_counts(CheckResult& result, std::vector<std::string>& storms, const Span& span,
                    double limit) {
  const double seconds = span.to->t - span.from->t;
  if (seconds <= 0) return;
  json& numbers = result.numbers["spans"][span.words];
  numbers = {{"seconds", seconds}, {"lines", json::object()}};
  tell_cost(result, numbers, span, seconds);
  for (const auto& [name, line] : span.to->lines) {
    const auto before = span.from->lines.find(name);
    const Grown more = grown(before == span.from->lines.end() ? IrqLine{} : before->second, line);
    if (more.total == 0 && more.unhandled == 0) continue;
    const auto nobodys =
        line.actions.empty() ? std::max(more.total, more.unhandled) : more.unhandled;
    const double rate = static_cast<double>(nobodys) / seconds;
    numbers["lines"][name] = {{"count", more.total},
                              {"unhandled", more.unhandled},
                              {"unwanted_per_s", rate},
                              {"device", line.device},
                              {"actions", line.actions}};
    result.details.push_back(fmt::format("{}: irq {:>3} ({}): {} in {:.1f} s, {} unhandled",
                                         span.words, name, describe_line(line), more.total, seconds,
                                         more.unhandled));
    // The kernel counts unhandled ones anew every 100,000 (kernel/irq/spurious.c): then they are
    // not known, and a line that busy is a storm whoever says that he took it.
    const double all = static_cast<double>(more.total) / seconds;
    const bool some_unhandled = line.unhandled > 0 || more.unhandled > 0;
    if (more.total >= kernel_counts_anew && some_unhandled && all > limit && rate <= limit)
      storms.push_back(fmt::format("irq {} ({}) came {:.0f} times a second {}, {} in all", name,
                                   describe_line(line), all, span.words, more.total));
    if (rate > limit)
      storms.push_back(
          fmt::format("irq {} ({}) came {:.0f} times a second {} and no driver took "
                      "it",
                      name, describe_line(line), rate, span.words));
  }
}

std::string command_line(const evidence::Run& run) {
  const auto hello = run.last_said<record::said::Hello>("capture");
  const std::string told = hello ? hello->command_line : "";
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

/// The stretches between samples. One that the run went through and that was not counted goes to
/// `missing`.
std::vector<Span> spans_of(const std::map<std::string, IrqSample>& samples,
                           const IrqSample& kernel_start, const Story& story,
                           std::vector<std::string>& missing) {
  struct Want {
    const char* from;
    const char* to;
    const char* words;
    bool reached;
  };
  const bool with_drivers = story.drivers.has_value();
  const Want wants[] = {
      {record::mark::capture_entry, record::mark::window_end, "before the drivers", true},
      {record::mark::window_end, record::mark::drivers, "while drivers loaded", with_drivers},
      {with_drivers ? record::mark::drivers : record::mark::window_end, record::mark::capture_end,
       with_drivers ? "after the drivers" : "after the window", story.capture_end.has_value()}};
  std::vector<Span> spans;
  const auto entry = samples.find(record::mark::capture_entry);
  if (story.first_line && entry != samples.end())
    spans.push_back({"before userspace", &kernel_start, &entry->second});
  for (const Want& want : wants) {
    const auto from = samples.find(want.from);
    const auto to = samples.find(want.to);
    if (from != samples.end() && to != samples.end())
      spans.push_back({want.words, &from->second, &to->second});
    else if (want.reached)
      missing.emplace_back(want.words);
  }
  return spans;
}

/// Each line with a driver holds a vector at least; a capture kernel with one CPU has few.
void tell_vectors(CheckResult& result, const std::map<std::string, IrqSample>& samples) {
  const IrqSample* last = nullptr;
  for (const auto& [at, sample] : samples)
    if (last == nullptr || sample.t > last->t) last = &sample;
  if (last == nullptr) return;
  result.numbers["lines_with_driver"] =
      std::count_if(last->lines.begin(), last->lines.end(),
                    [](const auto& line) { return !line.second.actions.empty(); });
}

void judge_messages(CheckResult& result, std::vector<std::string>& failures,
                    const IrqMessages& messages, const std::map<std::string, IrqSample>& samples,
                    const json& parameters) {
  const double stale = evidence::number_of(parameters, "stale_vectors").value_or(-1);
  const double storm = evidence::number_of(parameters, "vector_storm").value_or(100);
  std::set<std::string> disabled = messages.disabled;
  for (const auto& [at, sample] : samples)
    disabled.insert(sample.disabled.begin(), sample.disabled.end());
  if (!messages.giving_up.empty())
    failures.insert(failures.begin(), "the kernel gave a line up: " + messages.giving_up.front());
  else if (!disabled.empty())
    failures.insert(failures.begin(),
                    "the kernel disabled irq " + list_words({disabled.begin(), disabled.end()}));
  if (!messages.no_vector.empty())
    failures.push_back("the kernel ran out of vectors: " + messages.no_vector.front());
  if (stale >= 0 && static_cast<double>(messages.no_handler.size()) > stale)
    failures.push_back(
        fmt::format("{} without a handler", count(messages.no_handler.size(), "vector")));
  for (const auto& [vector, seen] : messages.vectors)
    if (const auto rate = seen.per_second(); rate && *rate > storm)
      failures.push_back(
          fmt::format("vector {}, which nobody had set up, came {} times within {:.0f} ms, and the "
                      "kernel stopped telling",
                      vector, seen.messages, (seen.last - seen.first) * 1000));
  for (const auto* list :
       {&messages.giving_up, &messages.no_handler, &messages.no_vector, &messages.spurious})
    append_capped(result.details, *list, 10);
  result.numbers["stale_vectors"] = messages.no_handler.size();
  result.numbers["spurious_messages"] = messages.spurious.size();
  result.numbers["disabled"] = disabled.size();
}

CheckResult judge_irq(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.first_line && !points.capture_entry)
    return verdict(Verdict::inconclusive, "the capture kernel said nothing");
  CheckResult result = verdict(Verdict::pass, "no storm, no line disabled");
  note_command_line(result, run);
  const auto samples = irq_samples(run);
  IrqSample kernel_start;
  kernel_start.t = points.first_line.value_or(0);
  std::vector<std::string> failures;
  std::vector<std::string> missing;
  const double limit = evidence::number_of(parameters, "storm").value_or(1000);
  for (const Span& span : spans_of(samples, kernel_start, points, missing))
    compare_counts(result, failures, span, limit);
  judge_messages(result, failures, irq_messages(run, points), samples, parameters);
  tell_vectors(result, samples);
  result.control = fmt::format("interrupts were counted at {}", count(samples.size(), "point"));
  if (!failures.empty()) {
    result.verdict = Verdict::fail;
    result.reason = failures.front() +
                    (failures.size() > 1 ? fmt::format(" (and {} more)", failures.size() - 1) : "");
  } else if (!missing.empty()) {
    result.verdict = Verdict::inconclusive;
    result.reason = "interrupts were not counted " + list_words(missing);
  }
  return result;
}

const Check check_irq_quiet{
    .name = "irq.quiet",
    .question =
        "Is the capture kernel spared interrupts that nobody asked for: no storm, no line "
        "disabled, "
        "no stale vector beyond what is tolerated?",
    .needs = {&need::serial, &need::agent, &need::kmsg, &need::interrupts},
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
                     "for every stock capture kernel shows some"},
         {.name = "vector_storm",
          .type = scenario::ParameterSpec::Type::number,
          .choices = {},
          .fallback = 100,
          .meaning = "times per second that one vector may come which nobody set up, by the ten "
                     "messages after which the kernel stops telling"}},
    .judge = judge_irq};
const Registration register_irq_quiet(check_irq_quiet);

}  // namespace

}  // namespace quiesce::checks
