// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/log/reports.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "harness/checks/log/tables.hpp"
#include "harness/record/agent.hpp"

namespace quiesce::checks {

namespace {

constexpr std::string_view trace_head = "Call Trace:";
constexpr std::string_view frame = "------------[ cut here";

/// A line of the form that only stands below others.
bool continues(std::string_view text) {
  const auto beginnings = tables::continuations();
  return is_indented(text) ||
         (!text.starts_with(frame) &&
          std::any_of(beginnings.begin(), beginnings.end(),
                      [&](std::string_view beginning) { return text.starts_with(beginning); }));
}

/// "cut here" is drawn above what it is about.
bool is_bare_frame(const Report* report) {
  return report != nullptr && report->below.empty() && report->head.message.text.starts_with(frame);
}

class Grouping {
 public:
  explicit Grouping(const UnderTest& tested) : tested_(tested) {}
  void take(const LogLine& line);
  std::vector<Report> result() && { return std::move(reports_); }

 private:
  Report* open() { return open_ ? &reports_[*open_] : nullptr; }
  Report* above(const LogLine& line, const Judgement& judgement);
  Report* same_device(const Origin& origin);
  void begin(const LogLine& line, Judgement judgement);

  const UnderTest& tested_;
  std::vector<Report> reports_;
  std::optional<std::size_t> open_;  ///< what the next lines may belong to
  std::set<std::string> seen_;
};

/// The last report of the device that speaks.
Report* Grouping::same_device(const Origin& origin) {
  if (origin.shape != Origin::Shape::device) return nullptr;
  const auto found = std::find_if(reports_.rbegin(), reports_.rend(), [&](const Report& report) {
    const Origin its = origin_of(report.head.message.text);
    return !report.judgement.kind.empty() && its.driver == origin.driver &&
           its.device == origin.device;
  });
  return found == reports_.rend() ? nullptr : &*found;
}

/// What the line is a part of, if anything.
Report* Grouping::above(const LogLine& line, const Judgement& judgement) {
  const std::string& text = line.message.text;
  if (continues(text)) return open();
  if (is_bare_frame(open()) && !judgement.kind.empty()) return nullptr;
  const Origin origin = origin_of(text);
  const bool of_device = judgement.kind == "device" || judgement.kind == "timeout";
  if (origin.set_in || (judgement.follows && of_device))
    if (Report* report = same_device(origin)) return report;
  if (open() == nullptr) return nullptr;
  const std::string& kind = open()->judgement.kind;
  if (judgement.follows && kind == judgement.kind && !of_device) return open();
  // The bits of a status: the port tells of the error, the device of its own register.
  return origin.set_in && kind.starts_with("aer") ? open() : nullptr;
}

void Grouping::begin(const LogLine& line, Judgement judgement) {
  if (Report* report = open(); is_bare_frame(report) && !judgement.kind.empty()) {
    seen_.insert(line.message.text);
    const std::string cut = report->head.message.text;
    *report = {line, std::move(judgement), {cut}};
    return;
  }
  const bool is_frame = line.message.text.starts_with(frame);
  const bool again = !is_frame && !seen_.insert(line.message.text).second;
  if (again) {
    const auto first = std::find_if(reports_.begin(), reports_.end(), [&](const Report& report) {
      return report.head.message.text == line.message.text;
    });
    // What stands below it then belongs to the first, and is not counted again.
    if (first != reports_.end() && !judgement.kind.empty())
      open_ = static_cast<std::size_t>(first - reports_.begin());
    return;
  }
  const bool kind = !judgement.kind.empty();
  reports_.push_back({line, std::move(judgement), {}});
  if (kind) open_ = reports_.size() - 1;
}

void Grouping::take(const LogLine& line) {
  const std::string& text = line.message.text;
  Judgement judgement = classify(line.message, tested_);
  if (Report* report = above(line, judgement)) {
    report->below.push_back(text);
    return;
  }
  // A trace whose head is lost is a trace all the same.
  if (text.starts_with(trace_head)) {
    judgement.kind = "warning";
    judgement.why = "a call trace that nothing announces";
  }
  if (!judgement.kind.empty() ||
      line.message.level.value_or(record::info_level) <= record::warning_level)
    begin(line, std::move(judgement));
}

}  // namespace

std::vector<Report> reports_of(const std::vector<LogLine>& lines, const UnderTest& tested) {
  Grouping grouping(tested);
  for (const LogLine& line : lines) grouping.take(line);
  return std::move(grouping).result();
}

}  // namespace quiesce::checks
