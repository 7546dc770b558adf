// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "harness/base/units.hpp"
#include "harness/checks/needs.hpp"
#include "harness/checks/starvation.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

using CpusSeen = evidence::Timed<record::event::Cpus>;

/// The last state of the CPUs after the handover; that of the handover itself is the dying
/// kernel's.
std::optional<CpusSeen> last_cpus(const evidence::Run& run, double handover) {
  std::optional<CpusSeen> last;
  for (const auto& seen : run.events<record::event::Cpus>())
    if (seen.t > handover && seen.at != record::mark::handover) last = seen;
  return last;
}

/// Of the dead kernel: the CPUs that it parked stay there.
bool is_parked(const std::string& place) {
  return place.find("production") != std::string::npos;
}

/// The place of the CPU that left the dead kernel: of those the first that is not halted, else the
/// first. nullopt when there is none.
std::optional<std::string> running_place(const CpusSeen& seen) {
  std::optional<std::string> place;
  for (const auto& cpu : seen.cpus) {
    if (is_parked(cpu.place)) continue;
    if (!cpu.halted) return cpu.place;
    if (!place) place = cpu.place;
  }
  return place;
}

/// A word of the phrases below.
constexpr const char* places[] = {"purgatory", "decompressor", "early", "kernel"};

/// Where the CPU is that left the dead kernel, as measures of `stuck`.
Measures place_of(const std::optional<CpusSeen>& seen) {
  if (!seen || seen->cpus.empty()) return {measure::text("cpu", "not-told")};
  const auto running = running_place(*seen);
  if (!running) return {measure::text("cpu", "none-left")};
  for (const char* place : places)
    if (running->find(place) != std::string::npos) return {measure::text("cpu", place)};
  if (running->empty()) return {measure::text("cpu", "unknown")};
  return {measure::text("cpu", "elsewhere"), measure::text("place", *running)};
}

const Code entered{.name = "entered",
                   .verdict = Verdict::pass,
                   .meaning = "the capture kernel reached userspace",
                   .sentence =
                       "userspace {handover_to_userspace_s:.1f} s after the handover[, "
                       "first line after {handover_to_first_line_s:.1f} s]"};
const Code entered_late{
    .name = "entered-late",
    .verdict = Verdict::fail,
    .meaning = "the capture kernel reached userspace, and took too long by its own clock",
    .sentence =
        "the capture kernel took {kernel_s:.1f} s by its own clock to reach userspace, more "
        "than {within_s:.1f} s[; it was silent for {silent_s:.1f} s before: {text}]",
    .of_time = true};
const Code entered_unseen{
    .name = "entered-unseen",
    .verdict = Verdict::pass,
    .meaning = "the capture kernel reached userspace, and nobody saw it being entered",
    .sentence = "the capture kernel reached userspace; the handover itself was not seen"};
const Code panicked{
    .name = "panicked",
    .verdict = Verdict::fail,
    .meaning = "the capture kernel panicked itself",
    .sentence = "the capture kernel panicked {panic_s:.1f} s after the handover: {text}"};
const Code panicked_over_time{
    .name = "panicked-over-time",
    .verdict = Verdict::fail,
    .meaning = "the capture kernel panicked because a timer or a CPU did not answer in time",
    .sentence = panicked.sentence,
    .of_time = true};
const Code stuck{
    .name = "stuck",
    .verdict = Verdict::fail,
    .meaning = "the capture kernel did not reach userspace in the time that it was due",
    .sentence =
        "the capture kernel was not in userspace {waited_s:.1f} s after the "
        "handover; {cpu:w}[ \"{place}\"]",
    .of_time = true};
const Code never_left{.name = "never-left",
                      .verdict = Verdict::fail,
                      .meaning = "the dying kernel never reached machine_kexec",
                      .sentence =
                          "the dying kernel never reached machine_kexec: no handover within "
                          "{waited_s:.1f} s of the panic",
                      .of_time = true};
const Code no_panic{.name = "no-panic",
                    .verdict = Verdict::inconclusive,
                    .meaning = "the run ended before the panic",
                    .sentence = "no panic happened: {cut_off}"};
const Code cut_short{
    .name = "cut-short",
    .verdict = Verdict::inconclusive,
    .meaning = "the run ended before the capture kernel had its time",
    .sentence = "the run was cut off {after_s:.1f} s after the {since}: {cut_off}"};
const Code cpu_at_end{
    .name = "cpu",
    .verdict = {},
    .meaning = "where a CPU was at the end",
    .line = "CPU {subject} at +{at_s:.1f} s: rip {rip}, {place}[?halted , halted]"};
const Code printed_nothing{.name = "printed-nothing",
                           .verdict = {},
                           .meaning = "no line of the capture kernel on the serial line",
                           .line = "the capture kernel printed nothing on the serial line"};
const Code last_words{.name = "last-line",
                      .verdict = {},
                      .meaning = "the last line on the serial line",
                      .line = "last line[, at +{at_s:.1f} s]: {text}"};

void add_cpus(Findings& findings, const CpusSeen& seen, double zero) {
  for (const auto& cpu : seen.cpus)
    findings.push_back(
        found(cpu_at_end, {Subject::Kind::cpu, fmt::format("{}", cpu.index)},
              {measure::seconds("at_s", seen.t - zero), measure::text("rip", cpu.rip),
               measure::text("place", cpu.place), measure::flag("halted", cpu.halted)})
            .seen_in({record::file::timeline, CpusSeen::name, seen.t}));
}

Finding last_line(const evidence::SerialLine& line, const std::optional<double>& handover) {
  Finding last =
      found(last_words, {Subject::Kind::message, {}}, {measure::text("text", shorten(line.text))});
  if (handover) last.with(measure::seconds("at_s", line.t - *handover));
  return last.seen_in({record::file::serial, {}, line.t});
}

/// A panic of the capture kernel itself, or nullptr.
const evidence::SerialLine* capture_panic(const evidence::Run& run, const Story& story) {
  for (const auto* line : capture_serial(run, story))
    if (story.first_line && line->text.find("Kernel panic - not syncing") != std::string::npos)
      return line;
  return nullptr;
}

/// By the kernel's own clock: how long purgatory and decompression take, and how busy the host is
/// before, is not its drivers' doing.
std::optional<Finding> too_late(const evidence::Run& run, double within) {
  const auto hello = run.last_said<record::said::Hello>("capture");
  if (!hello || !hello->guest || *hello->guest <= within) return std::nullopt;
  Finding late = found(entered_late, {measure::seconds("kernel_s", *hello->guest),
                                      measure::seconds("within_s", within)});
  if (const auto silence = longest_silence(run, *hello->guest))
    late.with(measure::seconds("silent_s", silence->seconds()))
        .with(measure::text("text", shorten(silence->after)));
  return late.seen_in({record::file::agent, record::said::Hello::name, hello->t})
      .too_long(
          {.from = hello->t - *hello->guest, .until = hello->t, .by_s = *hello->guest - within});
}

Finding it_entered(const Story& story) {
  if (!story.handover) return found(entered_unseen);
  const double userspace = *story.capture_entry - *story.handover;
  Finding finding = found(entered, {measure::seconds("handover_to_userspace_s", userspace)});
  if (story.first_line) {
    const double first = *story.first_line - *story.handover;
    finding.with(measure::seconds("handover_to_first_line_s", first))
        .with(measure::seconds("first_line_to_userspace_s", userspace - first));
  }
  return finding;
}

Findings it_is_stuck(const evidence::Run& run, const Story& story) {
  const double handover = *story.handover;
  const auto cpus = last_cpus(run, handover);
  const auto lines = capture_serial(run, story);
  Finding finding = found(stuck, place_of(cpus));
  if (const auto* panic = capture_panic(run, story))
    finding = found(is_panic_of_time(panic->text) ? panicked_over_time : panicked,
                    {measure::seconds("panic_s", panic->t - handover),
                     measure::text("text", shorten(message_of(panic->text)))})
                  .seen_in({record::file::serial, {}, panic->t});
  finding.with(measure::seconds("waited_s", story.end - handover));
  if (story.first_line)
    finding.with(measure::seconds("handover_to_first_line_s", *story.first_line - handover));
  Findings findings{finding};
  if (cpus) add_cpus(findings, *cpus, handover);
  if (lines.empty() || !story.first_line)
    findings.push_back(found(printed_nothing));
  else
    findings.push_back(last_line(*lines.back(), handover));
  return findings;
}

Findings it_never_left(const evidence::Run& run, const Story& story) {
  Findings findings{found(never_left, {measure::seconds("waited_s", story.end - *story.panic)})};
  if (const auto cpus = last_cpus(run, *story.panic)) add_cpus(findings, *cpus, *story.panic);
  if (!run.serial.empty()) findings.push_back(last_line(run.serial.back(), std::nullopt));
  return findings;
}

Findings judge_entered(const evidence::Run& run, const json& parameters) {
  constexpr double otherwise = 30;
  const auto within = parse_duration(evidence::text_of(parameters, "within"));
  const Story points = story(run);
  const auto cut_off = measure::text("cut_off", points.cut_off());
  if (points.capture_entry) {
    Findings findings{it_entered(points)};
    if (auto late = too_late(run, within ? within->count() : otherwise))
      findings.push_back(*std::move(late));
    return findings;
  }
  if (!points.handover && !points.panic) return {found(no_panic, {cut_off})};
  if (!points.finished())
    return {found(
        cut_short,
        {measure::seconds("after_s",
                          points.end - points.handover.value_or(points.panic.value_or(0))),
         measure::text("since", points.handover ? record::mark::handover : "panic"), cut_off})};
  return points.handover ? it_is_stuck(run, points) : it_never_left(run, points);
}

const Check check_capture_entered{
    .name = "capture.entered",
    .question = "Did the capture kernel reach userspace, and how long did it take?",
    .needs = {&need::serial, &need::agent},
    .codes = {&entered, &entered_late, &entered_unseen, &panicked, &panicked_over_time, &stuck,
              &never_left, &no_panic, &cut_short, &cpu_at_end, &printed_nothing, &last_words},
    .phrases =
        {{"purgatory",
          "its CPU was in purgatory, whose endless loop follows a wrong SHA-256 of the loaded "
          "capture kernel: something wrote into it after it was loaded"},
         {"decompressor",
          "its CPU was in the decompressor, where damage to the part of the image that no digest "
          "covers shows"},
         {"early", "its CPU was in the early kernel, before its console"},
         {"kernel", "its CPU was in the kernel, short of userspace"},
         {"elsewhere", "its CPU was at"},
         {"unknown", "its CPU was at a place that is not known"},
         {"not-told", "where its CPUs were is not known"},
         {"none-left", "no CPU left the dead kernel"}},
    .parameters = {{.name = "within",
                    .type = scenario::ParameterSpec::Type::duration,
                    .choices = {},
                    .fallback = "30s",
                    .meaning = "longest time to userspace, by the capture kernel's own clock"}},
    .judge = judge_entered};
const Registration register_capture_entered(check_capture_entered);

}  // namespace

}  // namespace quiesce::checks
