// SPDX-License-Identifier: GPL-2.0-or-later
// The needs of several rooms, and the gate.
#include "harness/checks/needs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "harness/checks/busy.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using nlohmann::json;
namespace event = record::event;
namespace file = record::file;
namespace mark = record::mark;

/// The events of this kind tell of devices that the plan has. `of` takes the name of one.
template <typename Event, typename Of>
void want_planned(const Course& course, Gaps& gaps, Of of) {
  const auto& devices = course.run.plan.devices;
  for (const auto& told : course.run.events<Event>()) {
    const std::string name = of(told);
    if (name.empty() || std::any_of(devices.begin(), devices.end(),
                                    [&](const auto& one) { return one.name == name; }))
      continue;
    gaps.push_back(
        fmt::format("timeline.ndjson tells of {} ({}), which the plan has not", name, Event::name));
    return;
  }
}

/// The plan of another run, or one that was edited: the records know devices that it has not.
void look_at_plan(const Course& course, Gaps& gaps) {
  const auto device = [](const auto& told) { return told.device; };
  want_planned<event::Activity>(course, gaps, device);
  want_planned<event::ControlCame>(course, gaps, device);
  want_planned<event::TestResult>(course, gaps, device);
  want_planned<event::Feed>(course, gaps, device);
  want_planned<event::Echo>(course, gaps, device);
  want_planned<event::Ring>(course, gaps, device);
  want_planned<event::ResetAction>(course, gaps, device);
  want_planned<event::DeviceServer>(course, gaps, device);
  want_planned<event::GateWindow>(
      course, gaps, [](const auto& told) { return told.off.value.value_or(std::string()); });
}

void look_at_timeline(const Course& course, Gaps& gaps) {
  const auto& run = course.run;
  if (run.timeline.empty()) {
    gaps.emplace_back("timeline.ndjson is missing or empty");
    return;
  }
  const auto& first = run.timeline.front();
  if (first.name != event::RunStart::name || !record::read<event::RunStart>(first.fields).realtime)
    gaps.emplace_back("timeline.ndjson does not begin with the start of the run and its clock");
  // Events are written as they happen.
  const auto back = std::is_sorted_until(run.timeline.begin(), run.timeline.end(),
                                         [](const auto& a, const auto& b) { return a.t < b.t; });
  if (back != run.timeline.end())
    gaps.push_back(fmt::format("the times of timeline.ndjson run backwards at {:.3f} s", back->t));
  const Story& story = course.story;
  // Of a run that was killed, or whose last lines are gone, nobody knows what else it would have
  // recorded.
  if (story.ended.empty()) gaps.push_back("timeline.ndjson has no end: " + story.cut_off());
  want_mark(course, gaps, mark::handover,
            course.entered() || !run.events<event::Handover>().empty());
  want_mark(course, gaps, mark::capture_entry, course.did(Step::entry));
  want_mark(course, gaps, mark::drivers, course.did(Step::drivers));
  want_mark(course, gaps, mark::tests, course.did(Step::tests));
  want_mark(course, gaps, mark::capture_end, course.did(Step::end));
  if (story.finished() && story.handover && !course.entered() && run.events<event::Cpus>().empty())
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
  for (const auto& seen : run.events<event::SerialLine>())
    for (const Landmark& landmark : landmarks)
      if (seen.what == landmark.what &&
          std::none_of(run.serial.begin(), run.serial.end(), [&](const auto& line) {
            return line.t >= seen.t - beside && line.t <= seen.t + beside &&
                   line.text.find(landmark.text) != std::string::npos;
          }))
        gaps.push_back(fmt::format("serial.log has not the line \"{}\" that was seen at {:.1f} s",
                                   landmark.text, seen.t));
  if (course.story.handover && run.serial.empty())
    gaps.emplace_back("serial.log is missing or empty");
}

void look_at_agent(const Course& course, Gaps& gaps) {
  if (!course.entered()) return;
  if (course.run.said<record::said::Hello>("capture").empty())
    gaps.emplace_back("agent.ndjson has not the hello of the capture kernel's agent");
}

/// The kernel numbers its records, and the agent counted them by level.
void look_at_kmsg(const Course& course, Gaps& gaps) {
  const auto log = course.run.last_said<record::answer::KmsgCame>("capture");
  if (!log) {
    if (course.did(Step::end))
      gaps.emplace_back("the answer with the capture kernel's log is missing");
    return;
  }
  if (log->refused) return;
  const auto& [records, lost, first, last] =
      std::tie(log->records, log->lost, log->first_sequence, log->last_sequence);
  if (!records || !lost || !log->entries) {
    gaps.emplace_back("the summary of the capture kernel's log is incomplete");
    return;
  }
  if (*records > 0 && first && last && *last - *first + 1 != *records + *lost)
    gaps.push_back(fmt::format("the capture kernel numbered its log {} to {}, and {} are told of",
                               *first, *last, count(*records + *lost, "record")));
  std::uint64_t malformed = 0;
  std::optional<std::uint64_t> before;
  for (const json& came : *log->entries) {
    const auto entry = record::read<record::answer::LogEntryCame>(came);
    const auto& sequence = entry.sequence;
    const bool in_order =
        !sequence || ((!before || *sequence > *before) && (!last || *sequence <= *last));
    if (!entry.text || !in_order) ++malformed;
    if (sequence) before = sequence;
  }
  if (malformed > 0)
    gaps.push_back(count(malformed, "message") + " of the capture kernel's log cannot be read");
  const auto& levels = log->by_level;
  // Those that were asked for come with their text.
  const auto asked = course.run.last_said<record::request::Kmsg>("capture");
  const std::size_t told = (asked ? asked->least_level : record::warning_level) + 1;
  if (levels.size() < told) return;
  std::uint64_t expected = 0;
  for (std::size_t level = 0; level < told; ++level) {
    std::uint64_t of_level = 0;
    if (record::take(levels[level], of_level)) expected += of_level;
  }
  const auto there = log->entries->size() + log->left_out;
  if (there != expected)
    gaps.push_back(fmt::format("the agent counted {} of the capture kernel, and {} are there",
                               count(expected, "message"), there));
}

/// Each pass counted the pages that it found changed, and each has its line.
void look_at_strays(const Course& course, Gaps& gaps) {
  const auto& run = course.run;
  const auto passes = run.events<event::WatchPass>();
  std::vector<double> strays;
  for (const auto& stray : run.strays) strays.push_back(stray.t);
  std::sort(strays.begin(), strays.end());
  auto next = strays.begin();
  for (const auto& pass : passes) {
    const auto begin = next;
    next = std::upper_bound(next, strays.end(), pass.t);
    const auto there = static_cast<std::uint64_t>(next - begin);
    const auto counted = pass.pages_changed;
    if (counted && *counted != there) {
      gaps.push_back(
          fmt::format("the pass of the watch at {:.1f} s counted {}, and dma.ndjson has "
                      "{}",
                      pass.t, count(*counted, "page"), there));
      return;
    }
  }
  if (next != strays.end())
    gaps.push_back(fmt::format("dma.ndjson has {} that no pass of the watch tells of",
                               count(static_cast<std::uint64_t>(strays.end() - next), "page")));
}

/// Before the panic every busy device was looked at: what it did, and what the watch saw of it.
void look_at_control(const Course& course, Gaps& gaps) {
  if (!course.story.handover) return;
  const auto has = [](const auto& events, const std::string& device, const auto& told) {
    return std::any_of(events.begin(), events.end(),
                       [&](const auto& one) { return one.device == device && told(one); });
  };
  const auto controls = course.run.events<event::ControlCame>();
  const auto activities = course.run.events<event::Activity>();
  for (const auto& device : course.run.plan.devices) {
    if (!does_dma(device)) continue;
    if (!has(controls, device.name, [](const auto& one) { return one.tagged_pages.has_value(); }))
      gaps.push_back("the control of " + device.name + " before the panic is missing");
    if (!has(activities, device.name, [](const auto& one) { return one.operations.has_value(); }))
      gaps.push_back("what " + device.name + " did before the panic is not told");
  }
}

/// Frames are numbered from 0 as they are fed, and one that is seen in memory was fed.
void look_at_feeds(const Course& course, Gaps& gaps) {
  std::map<std::string, std::uint64_t> fed;
  for (const auto& feed : course.run.events<event::Feed>()) {
    std::uint64_t& next = fed[feed.device];
    if (feed.sequence != next) {
      gaps.push_back(fmt::format("frame {} that was fed to {} is missing", next, feed.device));
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

}  // namespace

void want_mark(const Course& course, Gaps& gaps, const char* name, bool due) {
  if (due && !course.run.mark(name)) gaps.push_back(fmt::format("the mark {} is missing", name));
}

const evidence::PciSnapshot* snapshot_of(const Course& course, const std::string& name) {
  const auto found = course.run.pci.find(name);
  return found == course.run.pci.end() || found->second.functions.empty() ? nullptr
                                                                          : &found->second;
}

void want_snapshot(const Course& course, Gaps& gaps, const std::string& name, bool due) {
  if (due && snapshot_of(course, name) == nullptr)
    gaps.push_back(fmt::format("pci/{}.json is missing or empty", name));
}

namespace need {

const Need plan{file::plan,
                "run.start carries its SHA-256, and no event tells of a device that it has not",
                {file::plan},
                look_at_plan};
const Need timeline{file::timeline,
                    "records are numbered, times go forward, the marks of the plan's steps are "
                    "there",
                    {file::timeline},
                    look_at_timeline,
                    record::Capability::stop};
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
const Need strays{file::dma,
                  "as many lines as each pass of the watch counted pages",
                  {file::dma},
                  look_at_strays,
                  record::Capability::watch_memory};
const Need control{"events `control`, `activity`",
                   "both for each busy device that does DMA",
                   {},
                   look_at_control,
                   record::Capability::watch_memory};
const Need feeds{"events `feed`",
                 "numbered by device; no frame is seen in memory that was not fed",
                 {},
                 look_at_feeds,
                 record::Capability::frames};
const Need trace{
    file::trace, "it is not empty", {file::trace}, look_at_trace, record::Capability::trace};
const Need ledgers{
    file::ledgers, "one for each device that the run had served", {"device-"}, look_at_ledgers};

}  // namespace need

Gaps doubts_of_plan(const evidence::Run& run) {
  // Without the manifest that the seal is about nothing vouches for anything.
  Gaps gaps = run.damage_of(file::manifest);
  for (std::string& damage : run.damage_of(file::plan)) gaps.push_back(std::move(damage));
  if (run.seal.state != evidence::Seal::State::whole && run.events<event::RunStart>().empty())
    gaps.emplace_back("plan.json: no start of the run vouches for it");
  return gaps;
}

std::optional<std::string> out_of_reach(const evidence::Run& run, const Need& need) {
  if (!need.rests_on) return std::nullopt;
  for (const auto& target : run.events<record::event::Target>()) {
    const auto& cannot = target.cannot;
    if (std::find(cannot.begin(), cannot.end(), record::name_of(*need.rests_on)) != cannot.end())
      return fmt::format("the target cannot {}", record::words_of(*need.rests_on));
  }
  return std::nullopt;
}

namespace {

void add_gaps(Findings& found_gaps, const Code& code, const Need& need, const char* file,
              const Gaps& gaps) {
  for (const std::string& gap : gaps) {
    const auto said = [&](const Finding& one) {
      return std::get<std::string>(one.measures.front().value) == gap;
    };
    if (std::any_of(found_gaps.begin(), found_gaps.end(), said)) continue;
    found_gaps.push_back(
        found(code, {Subject::Kind::evidence, need.name}, {measure::text("what", gap)}));
    found_gaps.back().seen_in({file, need.name, std::nullopt});
  }
}

}  // namespace

Findings gaps_of(const Course& course, const Check& check) {
  std::vector<const Need*> needs{&need::plan, &need::timeline};
  needs.insert(needs.end(), check.needs.begin(), check.needs.end());
  Findings all;
  add_gaps(all, code::evidence_damaged, need::plan, file::plan, doubts_of_plan(course.run));
  for (const Need* one : needs) {
    // What the target could not do is not there, and not damaged.
    if (auto why = out_of_reach(course.run, *one)) {
      add_gaps(all, code::evidence_missing, *one,
               one->files.empty() ? file::timeline : one->files.front(), {*std::move(why)});
      continue;
    }
    const std::size_t before = all.size();
    for (const char* name : one->files)
      add_gaps(all, code::evidence_damaged, *one, name, course.run.damage_of(name));
    // A file that is damaged says so once; what it lacks follows from that.
    if (one->look == nullptr || all.size() != before) continue;
    Gaps gaps;
    one->look(course, gaps);
    add_gaps(all, code::evidence_missing, *one,
             one->files.empty() ? file::timeline : one->files.front(), gaps);
  }
  return all;
}

}  // namespace quiesce::checks
