// SPDX-License-Identifier: GPL-2.0-or-later
// Interrupts of the capture kernel: storms, disabled lines, vectors that nobody set up.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/checks/irq/codes.hpp"
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

struct Span {
  std::string words;  ///< "before the drivers"
  const IrqSample* from;
  const IrqSample* to;
};

/// Time that the CPUs spent in handlers, and the APIC's own complaints.
void tell_cost(Findings& findings, const Span& span, double seconds) {
  const IrqSample& from = *span.from;
  const IrqSample& to = *span.to;
  const Subject subject{Subject::Kind::span, span.words};
  const std::uint64_t spurious = to.spurious - std::min(to.spurious, from.spurious);
  const std::uint64_t errors = to.errors - std::min(to.errors, from.errors);
  Finding counts =
      found(irq::span_counts, subject,
            {measure::seconds("seconds", seconds), measure::count("spurious", spurious),
             measure::count("apic_errors", errors)});
  std::optional<Finding> costly;
  if (to.ticks > from.ticks) {
    const double share =
        std::clamp((to.irq_ticks - from.irq_ticks) / (to.ticks - from.ticks), 0.0, 1.0);
    counts.with(measure::number("irq_share", 100 * share, Unit::percent))
        .with(measure::seconds("irq_s", share * seconds));
    constexpr double worth_a_line = 0.01;
    if (share >= worth_a_line) costly = found(irq::cpu_time, subject, counts.measures);
  }
  findings.push_back(counts);
  if (costly) findings.push_back(*costly);
  if (spurious > 0)
    findings.push_back(found(irq::apic_spurious, subject, {measure::count("count", spurious)}));
  if (errors > 0)
    findings.push_back(found(irq::apic_errors, subject, {measure::count("count", errors)}));
}

/// A line a numbered interrupt, and the storms among them.
void compare_counts(Findings& findings, Findings& storms, const Span& span, double limit) {
  const double seconds = span.to->t - span.from->t;
  if (seconds <= 0) return;
  tell_cost(findings, span, seconds);
  for (const auto& [name, line] : span.to->lines) {
    const auto before = span.from->lines.find(name);
    const Grown more = grown(before == span.from->lines.end() ? IrqLine{} : before->second, line);
    if (more.total == 0 && more.unhandled == 0) continue;
    const auto nobodys =
        line.actions.empty() ? std::max(more.total, more.unhandled) : more.unhandled;
    const double rate = static_cast<double>(nobodys) / seconds;
    const double all = static_cast<double>(more.total) / seconds;
    const Finding counts =
        found(irq::line_counts, {Subject::Kind::interrupt, name},
              {measure::text("span", span.words), measure::seconds("seconds", seconds),
               measure::count("count", more.total), measure::count("unhandled", more.unhandled),
               measure::number("per_s", all, Unit::per_second),
               measure::number("unwanted_per_s", rate, Unit::per_second),
               measure::text("device", line.device), measure::text("chip", line.chip),
               measure::text("actions", line.actions)});
    findings.push_back(counts);
    findings.back().seen_in({record::file::agent, record::answer::Interrupts::name, span.to->t});
    // The kernel counts unhandled ones anew every 100,000 (kernel/irq/spurious.c): then they are
    // not known, and a line that busy is a storm whoever says that he took it.
    const bool some_unhandled = line.unhandled > 0 || more.unhandled > 0;
    if (more.total >= kernel_counts_anew && some_unhandled && all > limit && rate <= limit)
      storms.push_back(found(irq::busy_storm, counts.subject, counts.measures));
    if (rate > limit) storms.push_back(found(irq::storm, counts.subject, counts.measures));
  }
}

std::string command_line(const evidence::Run& run) {
  const auto hello = run.last_said<record::said::Hello>("capture");
  const std::string told = hello ? hello->command_line : "";
  return told.empty() ? run.plan.scenario.capture.command_line : told;
}

void note_command_line(Findings& findings, const evidence::Run& run) {
  const auto words = split(command_line(run), ' ');
  for (const std::string word : {"irqpoll", "pci=nomsi"}) {
    const bool given = std::find(words.begin(), words.end(), word) != words.end();
    findings.push_back(
        found(irq::boot_word, {Subject::Kind::word, word}, {measure::flag("given", given)}));
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
std::uint64_t lines_with_driver(const std::map<std::string, IrqSample>& samples) {
  const IrqSample* last = nullptr;
  for (const auto& [at, sample] : samples)
    if (last == nullptr || sample.t > last->t) last = &sample;
  if (last == nullptr) return 0;
  return static_cast<std::uint64_t>(
      std::count_if(last->lines.begin(), last->lines.end(),
                    [](const auto& line) { return !line.second.actions.empty(); }));
}

std::set<std::string> disabled_lines(const IrqMessages& messages,
                                     const std::map<std::string, IrqSample>& samples) {
  std::set<std::string> disabled = messages.disabled;
  for (const auto& [at, sample] : samples)
    disabled.insert(sample.disabled.begin(), sample.disabled.end());
  return disabled;
}

Finding of_message(const Code& code, const std::string& text) {
  return found(code, {Subject::Kind::message, {}}, {measure::text("text", text)});
}

/// The worst first: a line that the kernel gave up.
void judge_disabled(Findings& failures, const IrqMessages& messages,
                    const std::set<std::string>& disabled) {
  if (!messages.giving_up.empty())
    failures.push_back(of_message(irq::line_given_up, messages.giving_up.front()));
  else if (!disabled.empty())
    failures.push_back(
        found(irq::line_disabled, {measure::list("lines", {disabled.begin(), disabled.end()})}));
}

void judge_vectors(Findings& failures, const IrqMessages& messages, const json& parameters) {
  const double stale = evidence::number_of(parameters, "stale_vectors").value_or(-1);
  const double limit = evidence::number_of(parameters, "vector_storm").value_or(vector_storm_limit);
  if (!messages.no_vector.empty())
    failures.push_back(of_message(irq::no_vectors, messages.no_vector.front()));
  if (stale >= 0 && static_cast<double>(messages.no_handler.size()) > stale)
    failures.push_back(
        found(irq::stale_vectors, {measure::count("stale_vectors", messages.no_handler.size())}));
  const auto storm_of = [&](const std::string& name, const std::vector<double>& times) {
    const auto burst = soonest_ten(times);
    if (!burst || burst->per_second <= limit) return false;
    failures.push_back(found(irq::vector_storm, {Subject::Kind::vector, name},
                             {measure::count("messages", burst->messages),
                              measure::milliseconds("within_ms", burst->seconds * 1000),
                              measure::number("per_s", burst->per_second, Unit::per_second)}));
    return true;
  };
  bool told = false;
  std::vector<double> all;
  std::vector<std::string> names;
  for (const auto& [vector, seen] : messages.vectors) {
    told = storm_of(vector, seen.times) || told;
    all.insert(all.end(), seen.times.begin(), seen.times.end());
    names.push_back(vector);
  }
  // The kernel has one limit for the messages of all vectors: several share the ten.
  if (!told && names.size() > 1) storm_of(list_words(names), all);
}

/// Before the kernel's clock runs its messages have no times; QEMU's deliveries have.
void judge_early_vectors(Findings& failures, Findings& told, const evidence::Run& run,
                         const Story& points, const IrqMessages& messages, const json& parameters) {
  const double limit = evidence::number_of(parameters, "vector_storm").value_or(vector_storm_limit);
  const auto window = early_window(run, points);
  const auto by_clock = messages.early_rate_by_clock();
  // A storm would have used the ten messages up sooner.
  const bool may_be_more = messages.used_up_early() && !(by_clock && *by_clock <= limit);
  for (const auto& [vector, seen] : messages.vectors) {
    if (seen.untimed == 0) continue;
    const Subject subject{Subject::Kind::vector, vector};
    const Measure count = measure::count("messages", seen.untimed);
    std::optional<EarlyRate> counted;
    if (window) counted = early_rate(run, *window, vector, seen);
    const EarlyRate came = counted.value_or(EarlyRate{});
    const auto rate = [](double times) {
      return measure::number("per_s", times, Unit::per_second);
    };
    Finding early = found(irq::early_vector, subject, {count});
    if (came.most > 0) early.with(rate(came.most));
    told.push_back(std::move(early));
    if (!may_be_more) continue;
    if (came.least > limit)
      failures.push_back(found(irq::early_storm, subject, {count, rate(came.least)}));
    else if (!counted || came.most > limit)
      failures.push_back(found(irq::early_unknown, subject, {count}));
  }
}

void tell_messages(Findings& findings, const IrqMessages& messages) {
  const std::pair<const Code*, const std::vector<std::string>*> lists[] = {
      {&irq::said_given_up, &messages.giving_up},
      {&irq::said_no_handler, &messages.no_handler},
      {&irq::said_no_vector, &messages.no_vector},
      {&irq::said_spurious, &messages.spurious}};
  for (const auto& [code, texts] : lists)
    for (const std::string& text : *texts) findings.push_back(of_message(*code, text));
}

Findings judge_irq(const evidence::Run& run, const json& parameters) {
  const Story points = story(run);
  if (!points.first_line && !points.capture_entry) return {found(code::silent_kernel)};
  const auto samples = irq_samples(run);
  const IrqMessages messages = irq_messages(run, points);
  const auto disabled = disabled_lines(messages, samples);
  IrqSample kernel_start;
  kernel_start.t = points.first_line.value_or(0);
  Findings findings;
  Findings failures;
  judge_disabled(failures, messages, disabled);
  note_command_line(findings, run);
  std::vector<std::string> missing;
  const double limit = evidence::number_of(parameters, "storm").value_or(1000);
  for (const Span& span : spans_of(samples, kernel_start, points, missing))
    compare_counts(findings, failures, span, limit);
  judge_vectors(failures, messages, parameters);
  judge_early_vectors(failures, findings, run, points, messages, parameters);
  tell_messages(findings, messages);
  findings.insert(findings.end(), failures.begin(), failures.end());
  if (!missing.empty())
    findings.push_back(found(irq::not_counted, {measure::list("spans", missing)}));
  else if (failures.empty())
    findings.push_back(found(irq::quiet));
  findings.push_back(
      found(irq::counts_read, {measure::count("stale_vectors", messages.no_handler.size()),
                               measure::count("spurious_messages", messages.spurious.size()),
                               measure::count("disabled", disabled.size()),
                               measure::count("lines_with_driver", lines_with_driver(samples))}));
  findings.back().control = {measure::count("points", samples.size())};
  return findings;
}

const Check check_irq_quiet{
    .name = "irq.quiet",
    .question =
        "Is the capture kernel spared interrupts that nobody asked for: no storm, no line "
        "disabled, "
        "no stale vector beyond what is tolerated?",
    .needs = {&need::serial, &need::agent, &need::kmsg, &need::interrupts, &need::deliveries},
    .codes = irq::codes(),
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
          .fallback = static_cast<int>(vector_storm_limit),
          .meaning = "times per second that one vector may come which nobody set up, by the ten "
                     "messages after which the kernel stops telling; those before its clock runs "
                     "say nothing"}},
    .judge = judge_irq};
const Registration register_irq_quiet(check_irq_quiet);

}  // namespace

}  // namespace quiesce::checks
