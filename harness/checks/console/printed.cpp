// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/console/printed.hpp"

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/base/units.hpp"
#include "harness/checks/support.hpp"

namespace quiesce::checks {

namespace {

/// How far ahead a damaged line is looked for: as many as can be lost in between.
constexpr std::size_t nearby = 8;
/// The same for lines that are whole: other CPUs and programs write in between.
constexpr std::size_t window = 64;

/// More than half of the longer one are the same characters at both ends.
bool is_like(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t front = 0;
  while (front < shorter && a[front] == b[front]) ++front;
  std::size_t back = 0;
  while (back < shorter - front && a[a.size() - 1 - back] == b[b.size() - 1 - back]) ++back;
  return 2 * (front + back) > std::max(a.size(), b.size());
}

/// "** 12 printk messages dropped **" (kernel/printk/printk.c, console_emit_next_record).
std::uint64_t dropped_by(std::string_view line) {
  constexpr std::string_view begin = "** ";
  constexpr std::string_view end = " printk messages dropped **";
  const std::size_t at = line.find(begin);
  if (at == std::string_view::npos || !line.ends_with(end)) return 0;
  line.remove_prefix(at + begin.size());
  return parse_number(line.substr(0, line.size() - end.size())).value_or(0);
}

/// Goes through the lines as the messages ask for them.
class Reader {
 public:
  explicit Reader(const std::vector<std::string_view>& lines) : lines_(lines) {}

  enum class Found { whole, damaged, before, nowhere };
  Found look_for(std::string_view part) {
    const auto here = lines_.begin() + static_cast<std::ptrdiff_t>(at_);
    if (const auto exact = std::find(here, lines_.end(), part); exact != lines_.end()) {
      // One far away may be the same words said later; those in between are still to be found.
      const auto ahead = static_cast<std::size_t>(exact - here);
      if (ahead < window) at_ += ahead + 1;
      return Found::whole;
    }
    const std::size_t until = std::min(lines_.size(), at_ + nearby);
    for (std::size_t line = at_; line < until; ++line)
      if (is_like(part, lines_[line])) {
        at_ = line + 1;
        return Found::damaged;
      }
    return std::find(lines_.begin(), here, part) != here ? Found::before : Found::nowhere;
  }

 private:
  const std::vector<std::string_view>& lines_;
  std::size_t at_ = 0;
};

}  // namespace

Printed compare_printed(const std::vector<record::answer::LogEntry>& log, int console_level,
                        const std::vector<std::string_view>& lines) {
  Printed printed;
  Reader reader(lines);
  for (const auto& line : lines) printed.dropped += dropped_by(line);
  for (const auto& entry : log) {
    if (entry.level >= console_level) continue;
    for (const std::string& part : split(unescape(entry.text), '\n')) {
      if (trim(part).empty()) continue;
      ++printed.due;
      switch (reader.look_for(part)) {
        case Reader::Found::whole:
          ++printed.whole;
          break;
        case Reader::Found::damaged:
          ++printed.damaged;
          break;
        case Reader::Found::before:
          ++printed.out_of_order;
          break;
        case Reader::Found::nowhere:
          printed.missing.push_back(entry);
          break;
      }
    }
  }
  return printed;
}

}  // namespace quiesce::checks
