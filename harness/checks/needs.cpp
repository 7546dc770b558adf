// SPDX-License-Identifier: GPL-2.0-or-later
// The needs that are records of the run itself: timeline, serial line, agent, watch, marks.
#include "harness/checks/needs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/checks/abilities.hpp"
#include "harness/checks/dma_device.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace event = record::event;
namespace file = record::file;
namespace mark = record::mark;

void want_mark(const Course& course, Gaps& gaps, const char* name, bool due) {
  if (due && !course.run.mark(name)) gaps.push_back(fmt::format("the mark {} is missing", name));
}

void look_at_timeline(const Course& course, Gaps& gaps) {
  const auto& run = course.run;
  if (run.timeline.empty()) {
    gaps.emplace_back("timeline.ndjson is missing or empty");
    return;
  }
  const auto& first = run.timeline.front();
  if (first.name != event::RunStart::name || !first.number("realtime"))
    gaps.emplace_back("timeline.ndjson does not begin with the start of the run and its clock");
  // Events are written as they happen.
  const auto back = std::is_sorted_until(run.timeline.begin(), run.timeline.end(),
                                         [](const auto& a, const auto& b) { return a.t < b.t; });
  if (back != run.timeline.end())
    gaps.push_back(fmt::format("the times of timeline.ndjson run backwards at {:.3f} s", back->t));
  const Story& story = course.story;
  want_mark(course, gaps, mark::handover,
            course.entered() || !run.events(event::Handover::name).empty());
  want_mark(course, gaps, mark::capture_entry, course.did(Step::entry));
  want_mark(course, gaps, mark::drivers, course.did(Step::drivers));
  want_mark(course, gaps, mark::tests, course.did(Step::tests));
  want_mark(course, gaps, mark::capture_end, course.did(Step::end));
  if (story.finished() && story.handover && !course.entered() &&
      run.events(event::Cpus::name).empty())
    gaps.emplace_back("the state of the CPUs at the end is missing");
}

/// What the harness saw on the serial line as it came must be in the log of it.
void look_at_serial(const Course& course, Gaps& gaps) {
  struct Landmark {
    const char* what;
    const char* text;
  };
  constexpr Landmark landmarks[] = {{"kernel-start", "Linux version"},
                                    {"panic", "Kernel panic - not syncing"}};
  constexpr double beside = 0.5;  // seconds between the line and its event; both at once
  const auto& run = course.run;
  for (const auto* seen : run.events(event::SerialLine::name))
    for (const Landmark& landmark : landmarks)
      if (seen->text("what") == landmark.what &&
          std::none_of(run.serial.begin(), run.serial.end(), [&](const auto& line) {
            return line.t >= seen->t - beside && line.t <= seen->t + beside &&
                   line.text.find(landmark.text) != std::string::npos;
          }))
        gaps.push_back(fmt::format("serial.log has not the line \"{}\" that was seen at {:.1f} s",
                                   landmark.text, seen->t));
  if (course.story.handover && run.serial.empty())
    gaps.emplace_back("serial.log is missing or empty");
}

void look_at_agent(const Course& course, Gaps& gaps) {
  if (!course.entered()) return;
  if (said(course.run, "capture", "event", "hello").empty())
    gaps.emplace_back("agent.ndjson has not the hello of the capture kernel's agent");
}

/// The kernel numbers its records, and the agent counted them by level.
void look_at_kmsg(const Course& course, Gaps& gaps) {
  const auto* answer = last_said(course.run, "capture", "response", "kmsg");
  if (answer == nullptr) {
    if (course.did(Step::end))
      gaps.emplace_back("the answer with the capture kernel's log is missing");
    return;
  }
  const json& log = answer->payload;
  if (log.contains("error")) return;
  const auto records = evidence::whole_of(log, "records");
  const auto lost = evidence::whole_of(log, "lost");
  const auto first = evidence::whole_of(log, "first_sequence");
  const auto last = evidence::whole_of(log, "last_sequence");
  if (!records || !lost || !evidence::member_of(log, "entries").is_array()) {
    gaps.emplace_back("the summary of the capture kernel's log is incomplete");
    return;
  }
  if (*records > 0 && first && last && *last - *first + 1 != *records + *lost)
    gaps.push_back(fmt::format("the capture kernel numbered its log {} to {}, and {} are told of",
                               *first, *last, count(*records + *lost, "record")));
  std::uint64_t malformed = 0;
  std::optional<std::uint64_t> before;
  for (const json& entry : evidence::list_of(log, "entries")) {
    const auto sequence =
        evidence::whole_of(entry, record::key_of(&record::answer::LogEntry::sequence));
    const bool in_order =
        !sequence || ((!before || *sequence > *before) && (!last || *sequence <= *last));
    if (!entry.is_object() ||
        !evidence::member_of(entry, record::key_of(&record::answer::LogEntry::text)).is_string() ||
        !in_order)
      ++malformed;
    if (sequence) before = sequence;
  }
  if (malformed > 0)
    gaps.push_back(count(malformed, "message") + " of the capture kernel's log cannot be read");
  const json& levels = evidence::list_of(log, "by_level");
  constexpr std::size_t told = 5;  // levels 0 to 4 come with their text
  if (levels.size() < told) return;
  std::uint64_t expected = 0;
  for (std::size_t level = 0; level < told; ++level)
    expected += evidence::whole_of({{"n", levels[level]}}, "n").value_or(0);
  const auto there =
      evidence::list_of(log, "entries").size() + evidence::whole_of(log, "left_out").value_or(0);
  if (there != expected)
    gaps.push_back(fmt::format("the agent counted {} of the capture kernel, and {} are there",
                               count(expected, "warning"), there));
}

void look_at_interrupts(const Course& course, Gaps& gaps) {
  struct Point {
    const char* at;
    Step step;
  };
  constexpr Point points[] = {{mark::capture_entry, Step::entry},
                              {"window-end", Step::window},
                              {mark::drivers, Step::drivers},
                              {mark::capture_end, Step::end}};
  const auto answers = said(course.run, "capture", "response", "interrupts");
  for (const Point& point : points) {
    if (!course.did(point.step)) continue;
    const auto found = std::find_if(answers.begin(), answers.end(), [&](const auto* answer) {
      return evidence::text_of(answer->payload, record::key_of(&record::answer::Interrupts::at)) ==
             point.at;
    });
    const json& lines = found == answers.end()
                            ? json()
                            : evidence::list_of((*found)->payload,
                                                record::key_of(&record::answer::Interrupts::lines));
    const bool readable = std::all_of(lines.begin(), lines.end(), [](const json& line) {
      return !evidence::text_of(line, record::key_of(&record::answer::InterruptLine::line))
                  .empty() &&
             evidence::whole_of(line, record::key_of(&record::answer::InterruptLine::total));
    });
    if (lines.empty() || !readable)
      gaps.push_back(fmt::format("the counts of interrupts at {} are {}", point.at,
                                 lines.empty() ? "missing" : "damaged"));
  }
}

/// Each pass counted the pages that it found changed, and each has its line.
void look_at_strays(const Course& course, Gaps& gaps) {
  const auto& run = course.run;
  const auto passes = run.events(event::WatchPass::name);
  std::vector<double> strays;
  for (const auto& stray : run.strays) strays.push_back(stray.t);
  std::sort(strays.begin(), strays.end());
  auto next = strays.begin();
  for (const auto* pass : passes) {
    const auto begin = next;
    next = std::upper_bound(next, strays.end(), pass->t);
    const auto there = static_cast<std::uint64_t>(next - begin);
    const auto counted =
        evidence::whole_of(pass->fields, record::key_of(&record::event::WatchPass::pages_changed));
    if (counted && *counted != there) {
      gaps.push_back(
          fmt::format("the pass of the watch at {:.1f} s counted {}, and dma.ndjson has "
                      "{}",
                      pass->t, count(*counted, "page"), there));
      return;
    }
  }
  if (next != strays.end())
    gaps.push_back(fmt::format("dma.ndjson has {} that no pass of the watch tells of",
                               count(static_cast<std::uint64_t>(strays.end() - next), "page")));
}

void look_at_passes(const Course& course, Gaps& gaps) {
  const auto& handover = course.story.handover;
  if (!handover) return;
  const auto baselines = course.run.events(event::Baseline::name);
  if (std::none_of(baselines.begin(), baselines.end(),
                   [&](const auto* baseline) { return baseline->t >= *handover; }))
    gaps.emplace_back("no baseline of the memory was taken at the handover");
  if (!course.did(Step::end)) return;
  if (const Watch watch = look_at_watch(course.run, course.story); !watch.problem.empty())
    gaps.push_back(watch.problem);
}

/// Before the panic every busy device was looked at: what it did, and what the watch saw of it.
void look_at_control(const Course& course, Gaps& gaps) {
  if (!course.story.handover) return;
  const auto has = [&](const char* kind, const std::string& device, const char* number) {
    const auto events = course.run.events(kind);
    return std::any_of(events.begin(), events.end(), [&](const auto* one) {
      return one->text("device") == device && one->number(number);
    });
  };
  for (const auto& device : course.run.plan.devices) {
    if (!does_dma(device)) continue;
    if (!has(event::Control::name, device.name, "tagged_pages"))
      gaps.push_back("the control of " + device.name + " before the panic is missing");
    if (!has(event::Activity::name, device.name, "operations"))
      gaps.push_back("what " + device.name + " did before the panic is not told");
  }
}

/// Frames are numbered from 0 as they are fed, and one that is seen in memory was fed.
void look_at_feeds(const Course& course, Gaps& gaps) {
  std::map<std::string, std::uint64_t> fed;
  for (const auto* feed : course.run.events(event::Feed::name)) {
    const std::string device = feed->text("device");
    const auto sequence =
        evidence::whole_of(feed->fields, record::key_of(&record::event::Feed::sequence));
    std::uint64_t& next = fed[device];
    if (sequence != next) {
      gaps.push_back(fmt::format("frame {} that was fed to {} is missing", next, device));
      return;
    }
    ++next;
  }
  for (const auto& device : course.run.plan.devices) {
    if (!device.busy || !is_net(device)) continue;
    if (course.story.handover && fed[device.name] == 0)
      gaps.push_back("no frame that was fed to " + device.name + " is told of");
    for (const auto& stray : course.run.strays)
      for (const auto& origin : stray.tags)
        if (!origin.foreign && origin.tag.kind == TagKind::frame &&
            origin.tag.device == device.name && origin.tag.sequence >= fed[device.name]) {
          gaps.push_back(
              fmt::format("frame {} was seen in memory, and of {} frames fed to {} is "
                          "told",
                          origin.tag.sequence, fed[device.name], device.name));
          return;
        }
  }
}

void look_at_trace(const Course& course, Gaps& gaps) {
  if (course.story.handover && course.run.trace.empty())
    gaps.emplace_back("trace.log is missing or empty");
}

void look_at_ledgers(const Course& course, Gaps& gaps) {
  if (!course.story.handover) return;
  // One that listens already keeps its ledger where it wants.
  for (const auto& device : course.run.plan.devices)
    if (device.server && device.server->socket.empty() &&
        !course.run.has_file(record::ledger_file(device.name)))
      gaps.push_back(record::ledger_file(device.name) + " is missing");
}

void look_at_closing(const Course& course, Gaps& gaps) {
  want_mark(course, gaps, mark::closing, course.did(Step::end));
}

}  // namespace

namespace need {

const Need plan{file::plan, "run.start carries its SHA-256", {file::plan}, nullptr};
const Need timeline{file::timeline,
                    "records are numbered, times go forward, the marks of the plan's steps are "
                    "there",
                    {file::timeline},
                    look_at_timeline};
const Need serial{file::serial,
                  "it has each banner and panic that the timeline noted",
                  {file::serial},
                  look_at_serial};
const Need agent{file::agent,
                 "records are numbered, the capture kernel's hello is there",
                 {file::agent},
                 look_at_agent};
const Need kmsg{"answer `kmsg`",
                "the kernel's own sequence numbers, and the agent's count by level",
                {file::agent},
                look_at_kmsg};
const Need interrupts{"answers `interrupts`",
                      "one for each point of the run that was reached, each line with its count",
                      {file::agent},
                      look_at_interrupts};
const Need strays{file::dma,
                  "as many lines as each pass of the watch counted pages",
                  {file::dma},
                  look_at_strays};
const Need watch{"events `baseline`, `watch.pass`",
                 "a baseline at the handover, no two passes more than 5 s apart up to the end",
                 {},
                 look_at_passes};
const Need control{
    "events `control`, `activity`", "both for each busy device that does DMA", {}, look_at_control};
const Need feeds{"events `feed`",
                 "numbered by device; no frame is seen in memory that was not fed",
                 {},
                 look_at_feeds};
const Need trace{file::trace, "it is not empty", {file::trace}, look_at_trace};
const Need ledgers{
    file::ledgers, "one for each device that the run had served", {"device-"}, look_at_ledgers};
const Need closing{"mark `closing`", "it is there when the end was reached", {}, look_at_closing};

}  // namespace need

Gaps doubts_of_plan(const evidence::Run& run) {
  // Without the manifest that the seal is about nothing vouches for anything.
  Gaps gaps = run.damage_of(file::manifest);
  for (std::string& damage : run.damage_of(file::plan)) gaps.push_back(std::move(damage));
  return gaps;
}

Gaps gaps_of(const Course& course, const Check& check) {
  std::vector<const Need*> needs{&need::plan, &need::timeline};
  needs.insert(needs.end(), check.needs.begin(), check.needs.end());
  Gaps gaps = doubts_of_plan(course.run);
  for (const Need* one : needs) {
    // What the target could not do is not there, and not damaged.
    if (auto why = out_of_reach(course.run, *one)) {
      if (std::find(gaps.begin(), gaps.end(), *why) == gaps.end()) gaps.push_back(*std::move(why));
      continue;
    }
    const std::size_t before = gaps.size();
    for (const char* name : one->files)
      for (std::string& damage : course.run.damage_of(name))
        if (std::find(gaps.begin(), gaps.end(), damage) == gaps.end())
          gaps.push_back(std::move(damage));
    // A file that is damaged says so once; what it lacks follows from that.
    if (one->look != nullptr && gaps.size() == before) one->look(course, gaps);
  }
  return gaps;
}

}  // namespace quiesce::checks
