// SPDX-License-Identifier: GPL-2.0-or-later
#include <fmt/format.h>

#include "harness/checks/needs.hpp"
#include "harness/checks/support.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;

/// Where a CPU was found, and what that says.
struct LastSeen {
  const char* word;  ///< occurs in the `place` of a cpus event
  const char* says;
};
constexpr LastSeen places[] = {
    {"purgatory",
     "in purgatory, whose endless loop follows a wrong SHA-256 of the loaded capture kernel: "
     "something wrote into it after it was loaded"},
    {"decompressor",
     "in the decompressor, where damage to the part of the image that no digest covers shows"},
    {"early", "in the early kernel, before its console"},
    {"kernel", "in the kernel, short of userspace"},
};

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

std::string explain_place(const std::string& place) {
  for (const LastSeen& known : places)
    if (place.find(known.word) != std::string::npos) return known.says;
  return place.empty() ? "at a place that is not known" : "at \"" + place + "\"";
}

std::string explain(const CpusSeen& seen) {
  if (seen.cpus.empty()) return "where its CPUs were is not known";
  const auto running = running_place(seen);
  return running ? "its CPU was " + explain_place(*running) : "no CPU left the dead kernel";
}

void add_cpus(CheckResult& result, const CpusSeen& seen, double handover) {
  for (const auto& cpu : seen.cpus)
    result.details.push_back(fmt::format("CPU {} at +{:.1f} s: rip {}, {}{}", cpu.index,
                                         seen.t - handover, cpu.rip, cpu.place,
                                         cpu.halted ? ", halted" : ""));
}

/// A panic of the capture kernel itself, or nullptr.
const evidence::SerialLine* capture_panic(const evidence::Run& run, const Story& story) {
  for (const auto* line : capture_serial(run, story))
    if (story.first_line && line->text.find("Kernel panic - not syncing") != std::string::npos)
      return line;
  return nullptr;
}

CheckResult entered(const Story& story) {
  CheckResult result = verdict(Verdict::pass, "");
  if (!story.handover) {
    result.reason = "the capture kernel reached userspace; the handover itself was not seen";
    return result;
  }
  const double userspace = *story.capture_entry - *story.handover;
  result.numbers["handover_to_userspace_s"] = userspace;
  result.reason = fmt::format("userspace {:.1f} s after the handover", userspace);
  if (!story.first_line) return result;
  const double first = *story.first_line - *story.handover;
  result.numbers["handover_to_first_line_s"] = first;
  result.numbers["first_line_to_userspace_s"] = userspace - first;
  result.reason += fmt::format(", first line after {:.1f} s", first);
  return result;
}

CheckResult stuck(const evidence::Run& run, const Story& story) {
  const double waited = story.end - *story.handover;
  CheckResult result = verdict(Verdict::fail, "");
  result.numbers["waited_s"] = waited;
  if (story.first_line)
    result.numbers["handover_to_first_line_s"] = *story.first_line - *story.handover;
  const auto cpus = last_cpus(run, *story.handover);
  const auto lines = capture_serial(run, story);
  if (const auto* panic = capture_panic(run, story)) {
    result.reason = fmt::format("the capture kernel panicked {:.1f} s after the handover: {}",
                                panic->t - *story.handover, shorten(message_of(panic->text)));
  } else {
    result.reason = fmt::format(
        "the capture kernel was not in userspace {:.1f} s after the handover; ", waited);
    result.reason += !cpus ? "where its CPUs were is not known" : explain(*cpus);
  }
  if (cpus) add_cpus(result, *cpus, *story.handover);
  if (lines.empty() || !story.first_line)
    result.details.push_back("the capture kernel printed nothing on the serial line");
  else
    result.details.push_back(fmt::format("last line, at +{:.1f} s: {}",
                                         lines.back()->t - *story.handover,
                                         shorten(lines.back()->text)));
  return result;
}

CheckResult judge_entered(const evidence::Run& run, const json&) {
  const Story points = story(run);
  if (points.capture_entry) return entered(points);
  if (!points.handover && !points.panic)
    return verdict(Verdict::inconclusive, "no panic happened: " + points.cut_off());
  if (!points.finished())
    return verdict(Verdict::inconclusive,
                   fmt::format("the run was cut off {:.1f} s after the {}: {}",
                               points.end - points.handover.value_or(points.panic.value_or(0)),
                               points.handover ? "handover" : "panic", points.cut_off()));
  if (points.handover) return stuck(run, points);
  CheckResult result = verdict(
      Verdict::fail,
      fmt::format(
          "the dying kernel never reached machine_kexec: no handover within {:.1f} s of the panic",
          points.end - *points.panic));
  result.numbers["waited_s"] = points.end - *points.panic;
  if (const auto cpus = last_cpus(run, *points.panic)) add_cpus(result, *cpus, *points.panic);
  if (!run.serial.empty())
    result.details.push_back("last line: " + shorten(run.serial.back().text));
  return result;
}

const Check check_capture_entered{
    .name = "capture.entered",
    .question = "Did the capture kernel reach userspace, and how long did it take?",
    .needs = {&need::serial, &need::agent},
    .parameters = {},
    .judge = judge_entered};
const Registration register_capture_entered(check_capture_entered);

}  // namespace

}  // namespace quiesce::checks
