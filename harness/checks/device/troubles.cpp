// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/troubles.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <set>

#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

/// Words of a driver's log that tell of trouble.
constexpr const char* troubles[] = {"error", "fail",  "timed out", "timeout",
                                    "reset", "abort", "not ready", "hang"};
/// And those of something that did not answer in time.
constexpr const char* waits[] = {"timeout", "timed out", "time out", "not ready"};

/// In whatever case.
template <std::size_t N>
bool has_one_of(const char* const (&words)[N], std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(
      words, [&](const char* word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

std::vector<std::string> trouble_lines(const evidence::Run& run, const Story& story,
                                       const scenario::PlannedDevice& device) {
  std::vector<std::string> lines;
  std::set<std::string> seen;
  const auto add = [&](std::string_view text) {
    if (has_one_of(troubles, text) && mentions(text, device) &&
        seen.insert(std::string(text)).second)
      lines.push_back(shorten(text, 160));
  };
  for (const auto* line : capture_serial(run, story))
    if (line->t >= *story.capture_entry) add(message_of(line->text));
  if (const auto log = run.last_said<record::answer::Kmsg>("capture"))
    for (const auto& entry : log->entries)
      if (entry.level <= record::warning_level) add(entry.text);
  return lines;
}

bool says_that_probe_failed(const std::string& line, const scenario::PlannedDevice& device) {
  constexpr std::string_view error = " failed with error -";
  const std::size_t at = line.find(error);
  if (at == std::string::npos) return false;
  const std::string_view before = std::string_view(line).substr(0, at);
  const std::string_view number = std::string_view(line).substr(at + error.size());
  const bool of_time = number == std::to_string(ETIMEDOUT) || number == std::to_string(ETIME);
  return !of_time && before.find(to_string(device.address)) != std::string_view::npos &&
         before.find(device.profile.driver) != std::string_view::npos &&
         (before.find(": probe of ") != std::string_view::npos ||
          before.find(": probe with driver ") != std::string_view::npos);
}

bool is_of_waiting(std::string_view line) {
  return has_one_of(waits, line);
}

}  // namespace quiesce::checks
