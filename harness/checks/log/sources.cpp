// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/text.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/agent_requests.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

/// "[    5.123456] " at the beginning; its length, or 0.
std::size_t stamp_length(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  const std::string_view rest = message_of(text);
  return text.size() - rest.size();
}

/// Printed because the harness asked for it.
bool is_ours(std::string_view line) {
  return trim(message_of(line)) == record::request::kernel_marker;
}

/// A record's lines: what a driver printed in one go is one record of several.
std::vector<LogLine> record_lines(const evidence::Run& run) {
  std::vector<LogLine> lines;
  const auto answer = run.last_said<record::answer::Kmsg>("capture");
  if (!answer) return lines;
  const Reference where{record::file::agent, record::answer::Kmsg::name, answer->t};
  for (const auto& entry : answer->entries) {
    if (is_ours(entry.text)) continue;
    for (std::string& text : split(unescape(entry.text), '\n'))
      lines.push_back(
          {{std::move(text), entry.level}, measure::seconds("kernel_s", entry.guest), where});
  }
  return lines;
}

std::vector<LogLine> serial_lines(const evidence::Run& run, const Story& story) {
  std::vector<LogLine> lines;
  for (const auto* line : capture_serial(run, story)) {
    for (const std::string_view text : unglue(line->text)) {
      if (is_ours(text)) continue;
      lines.push_back({{std::string(text), std::nullopt},
                       measure::seconds("at_s", line->t - story.handover.value_or(0)),
                       {record::file::serial, {}, line->t}});
    }
  }
  return lines;
}

std::string without_blanks(std::string_view text) {
  std::string dense;
  std::copy_if(text.begin(), text.end(), std::back_inserter(dense),
               [](char c) { return c != ' '; });
  return dense;
}

/// The records are all that the kernel printed, from its first line on.
bool are_whole(const evidence::Run& run) {
  const auto answer = run.last_said<record::answer::Kmsg>("capture");
  return answer && !answer->refused && answer->records.value_or(0) > 0 &&
         answer->lost.value_or(1) == 0 && answer->left_out == 0 && answer->first_sequence == 0;
}

/// Which records there are, to look serial lines up in.
class Records {
 public:
  Records(const std::vector<LogLine>& lines, bool whole) : whole_(whole) {
    for (const LogLine& line : lines) {
      const auto [known, fresh] = levels_.emplace(line.message.text, *line.message.level);
      if (!fresh) known->second = std::min(known->second, *line.message.level);
      dense_.insert(without_blanks(line.message.text));
      dense_.insert(without_blanks(
          fmt::format("[{:.6f}]{}", std::get<double>(line.place.value), line.message.text)));
    }
  }
  bool empty() const { return levels_.empty(); }
  bool has(const std::string& text) const { return levels_.count(text) > 0; }
  /// What is in no record, though they are whole, is none of a warning.
  std::optional<int> level_of(const std::string& text) const {
    const auto known = levels_.find(text);
    if (known != levels_.end()) return known->second;
    return whole_ ? std::optional(record::info_level) : std::nullopt;
  }
  /// With the time stamp, as the line came.
  bool has_damaged(std::string_view line) const {
    const std::string dense = without_blanks(line);
    return std::any_of(dense_.begin(), dense_.end(),
                       [&](const std::string& whole) { return may_be_left_of(dense, whole); });
  }

 private:
  bool whole_;
  std::map<std::string, int> levels_;
  std::set<std::string> dense_;
};

bool is_of(const Report& report, std::string_view text) {
  return report.head.message.text == text;
}

/// Of two serial lines that came near each other one may be what is left of the other; without
/// records nothing else tells.
void drop_halves(std::vector<Report>& reports) {
  constexpr std::size_t near = 20;  // reports: a flood of them is not compared each with each
  std::vector<std::string> dense;
  dense.reserve(reports.size());
  for (const Report& report : reports) dense.push_back(without_blanks(report.head.message.text));
  const auto is_half = [&](std::size_t at) {
    const std::size_t begin = at < near ? 0 : at - near;
    for (std::size_t other = begin; other < std::min(reports.size(), at + near); ++other)
      if (reports[other].judgement.kind == reports[at].judgement.kind &&
          dense[other].size() > dense[at].size() && may_be_left_of(dense[at], dense[other]))
        return true;
    return false;
  };
  std::vector<Report> whole;
  for (std::size_t at = 0; at < reports.size(); ++at)
    if (!is_half(at)) whole.push_back(reports[at]);
  reports = std::move(whole);
}

/// What the serial line adds to the records. Its lines come with their time stamps.
std::vector<Report> serial_reports(std::vector<LogLine> lines, const Records& records,
                                   const UnderTest& tested) {
  std::map<std::string, std::string> stamped;  // by message
  for (LogLine& line : lines) {
    std::string whole = std::move(line.message.text);
    line.message.text = message_of(whole);
    line.message.level = records.level_of(line.message.text);
    stamped.emplace(line.message.text, std::move(whole));
  }
  auto reports = reports_of(lines, tested);
  std::erase_if(reports, [&](const Report& report) {
    const std::string& text = report.head.message.text;
    return report.judgement.kind.empty() ||
           (!records.has(text) && records.has_damaged(stamped.at(text)));
  });
  if (records.empty()) drop_halves(reports);
  return reports;
}

}  // namespace

UnderTest under_test(const evidence::Run& run) {
  UnderTest tested;
  for (const auto& device : run.plan.devices) {
    tested.addresses.push_back(to_string(device.address));
    if (!device.profile.driver.empty()) tested.drivers.push_back(device.profile.driver);
    tested.drivers.insert(tested.drivers.end(), device.profile.modules.begin(),
                          device.profile.modules.end());
  }
  std::set<std::string> others;
  for (const auto& [mark, snapshot] : run.pci)
    for (const auto& function : snapshot.functions)
      if (!function.config.absent() && !function.config.is_bridge())
        others.insert(to_string(function.address));
  for (const std::string& address : tested.addresses) others.erase(address);
  tested.others.assign(others.begin(), others.end());
  return tested;
}

std::vector<std::string_view> unglue(std::string_view line) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = line.find('[', 1); at != std::string_view::npos;
       at = line.find('[', at + 1)) {
    if (stamp_length(line.substr(at)) == 0) continue;
    lines.push_back(line.substr(begin, at - begin));
    begin = at;
  }
  lines.push_back(line.substr(begin));
  return lines;
}

bool may_be_left_of(std::string_view left, std::string_view whole) {
  if (left.size() > whole.size() || left.size() * 3 < whole.size() * 2) return false;
  std::size_t next = 0;
  for (const char c : whole)
    if (next < left.size() && c == left[next]) ++next;
  return next == left.size();
}

std::vector<Report> log_reports(const evidence::Run& run, const Story& story) {
  const UnderTest tested = under_test(run);
  const auto lines = record_lines(run);
  const Records records(lines, are_whole(run));
  auto reports = serial_reports(serial_lines(run, story), records, tested);
  for (Report& report : reports_of(lines, tested)) {
    const std::string& text = report.head.message.text;
    const auto on_serial = std::find_if(reports.begin(), reports.end(), [&](const Report& other) {
      return is_of(other, text) ||
             std::find(other.below.begin(), other.below.end(), text) != other.below.end();
    });
    // It may stand below a head that is no warning, which only the serial line has.
    if (on_serial == reports.end())
      reports.push_back(std::move(report));
    else if (report.below.size() > on_serial->below.size())
      on_serial->below = std::move(report.below);
  }
  return reports;
}

}  // namespace quiesce::checks
