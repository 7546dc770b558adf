// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

namespace event = record::event;
namespace mark = record::mark;

void keep_first(std::optional<double>& place, double t) {
  if (!place || t < *place) place = t;
}

/// The points that marks name.
void note_marks(Story& story, const evidence::Run& run) {
  struct Place {
    const char* mark;
    std::optional<double> Story::*place;
  };
  constexpr Place places[] = {{mark::handover, &Story::handover},
                              {mark::capture_entry, &Story::capture_entry},
                              {mark::drivers, &Story::drivers},
                              {mark::tests, &Story::tests},
                              {mark::capture_end, &Story::capture_end}};
  for (const auto& mark : run.events<event::Mark>())
    for (const Place& place : places)
      if (mark.mark == place.mark) keep_first(story.*place.place, mark.t);
}

/// What says the same as a mark.
void note_others(Story& story, const evidence::Run& run) {
  for (const auto& handover : run.events<event::Handover>()) keep_first(story.handover, handover.t);
  for (const auto& hello : run.events<event::AgentHello>())
    if (hello.role == "capture") keep_first(story.capture_entry, hello.t);
  for (const auto& hello : run.said<record::said::Hello>("capture"))
    keep_first(story.capture_entry, hello.t);
  for (const auto& line : run.events<event::SerialLine>()) {
    if (line.what == "kernel-start" && line.role == "capture") keep_first(story.first_line, line.t);
    if (line.what == "panic" && line.role != "capture") keep_first(story.panic, line.t);
  }
  for (const auto& begin : run.events<event::PhaseBegin>()) {
    story.phase = begin.phase;
    if (begin.phase == "panic") keep_first(story.panic, begin.t);
  }
  for (const auto& end : run.events<event::RunEnd>()) story.ended = end.reason;
}

}  // namespace

std::string Story::cut_off() const {
  const std::string where = phase.empty() ? "before its first phase" : "in phase " + phase;
  if (ended.empty()) return "the harness died " + where;
  if (ended == "finished") return "the run finished " + where;
  return "the run ended with \"" + ended + "\" " + where;
}

Story story(const evidence::Run& run) {
  Story story;
  note_marks(story, run);
  note_others(story, run);
  for (const auto& event : run.timeline) story.end = std::max(story.end, event.t);
  for (const auto& message : run.agent) story.end = std::max(story.end, message.t);
  if (!run.serial.empty()) story.end = std::max(story.end, run.serial.back().t);
  return story;
}

std::optional<std::string> stuck_step(const evidence::Run& run) {
  const auto events = run.events<event::CaptureStuck>();
  if (events.empty()) return std::nullopt;
  return events.front().step;
}

std::vector<const evidence::SerialLine*> capture_serial(const evidence::Run& run,
                                                        const Story& story) {
  std::vector<const evidence::SerialLine*> lines;
  auto from = story.first_line ? story.first_line : story.handover;
  if (!from) return lines;
  // The event that announces the first line is written a little after the line itself.
  for (const auto& line : run.serial)
    if (story.handover && line.t >= *story.handover && line.t <= *from &&
        line.text.find("Linux version") != std::string::npos)
      from = line.t;
  for (const auto& line : run.serial)
    if (line.t >= *from) lines.push_back(&line);
  return lines;
}

std::string_view message_of(std::string_view line) {
  if (line.empty() || line.front() != '[') return line;
  const std::size_t close = line.find("] ");
  if (close == std::string_view::npos) return line;
  const auto inside = line.substr(1, close - 1);
  // "[    0.123456] ", with CONFIG_PRINTK_CALLER "[    0.123456][    T1] " or "[   C0]".
  const auto time = inside.substr(0, inside.find("]["));
  const auto caller = inside.substr(std::min(inside.size(), time.size() + 2));
  const bool stamp =
      time.find('.') != std::string_view::npos && std::all_of(time.begin(), time.end(), [](char c) {
        return c == ' ' || c == '.' || (c >= '0' && c <= '9');
      });
  const bool called = std::all_of(caller.begin(), caller.end(), [](char c) {
    return c == ' ' || c == 'T' || c == 'C' || (c >= '0' && c <= '9');
  });
  return stamp && called ? line.substr(close + 2) : line;
}

std::string unescape(std::string_view record) {
  std::string text;
  constexpr std::size_t length = 4;  // of "\x0a"
  while (!record.empty()) {
    unsigned value = 0;
    const bool escape = record.size() >= length && record.starts_with("\\x") &&
                        std::from_chars(record.data() + 2, record.data() + length, value, 16).ptr ==
                            record.data() + length;
    text += escape ? static_cast<char>(value) : record.front();
    record.remove_prefix(escape ? length : 1);
  }
  return text;
}

std::optional<Silence> longest_silence(const evidence::Run& run, double until) {
  const auto log = run.last_said<record::answer::Kmsg>("capture");
  if (!log) return std::nullopt;
  std::optional<Silence> longest;
  const record::answer::LogEntry* before = nullptr;
  for (const auto& entry : log->entries) {
    if (entry.guest > until) break;
    if (before != nullptr && (!longest || entry.guest - before->guest > longest->seconds()))
      longest = Silence{before->guest, entry.guest, before->text, entry.text, {}};
    else if (longest && entry.guest - longest->end <= 0.1)
      longest->soon.push_back(entry.text);
    before = &entry;
  }
  return longest;
}

bool is_of_the_bus(std::string_view message) {
  constexpr std::string_view names[] = {"ACPI:", "pci ", "pci_", "pcieport "};
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view name) { return message.starts_with(name); });
}

bool matches(std::string_view pattern, std::string_view message) {
  while (true) {
    const std::size_t star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    const std::size_t at = message.find(piece);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    message.remove_prefix(at + piece.size());
    pattern.remove_prefix(star + 1);
  }
}

std::string count(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

void append_capped(std::vector<std::string>& to, const std::vector<std::string>& lines,
                   std::size_t most) {
  const std::size_t shown = std::min(lines.size(), most);
  to.insert(to.end(), lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(shown));
  if (lines.size() > shown) to.push_back(fmt::format("and {} more", lines.size() - shown));
}

std::string list_words(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

std::string shorten(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace quiesce::checks
