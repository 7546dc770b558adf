// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/sentences.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/base/units.hpp"
#include "harness/checks/common_codes.hpp"
#include "harness/checks/support.hpp"

namespace quiesce::checks {

namespace {

/// A part of a sentence. `whole`: nothing in it is missing or says nothing.
struct Said {
  std::string text;
  bool whole = true;
};

bool says_something(const Measure::Value& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* count = std::get_if<std::uint64_t>(&value)) return *count != 0;
  if (const auto* text = std::get_if<std::string>(&value)) return !text->empty();
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return !list->empty();
  return true;  // a number of 0.0 is a measure like any other
}

/// Walks over one template for one finding.
class Speaker {
 public:
  Speaker(std::string_view pattern, const Finding& finding, const Check* check)
      : rest_(pattern),
        finding_(finding),
        subject_{"subject", finding.subject.name},
        check_(check) {}

  Said text(char end = '\0') {
    Said said;
    while (!rest_.empty() && rest_.front() != end) {
      const char next = rest_.front();
      rest_.remove_prefix(1);
      if (next == '{')
        append(said, field());
      else if (next == '[')
        said.text += section().text;
      else if (next == '<')
        append(said, enumeration());
      else
        said.text += next;
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return said;
  }

 private:
  static void append(Said& to, const Said& part) {
    to.text += part.text;
    to.whole = to.whole && part.whole;
  }

  const Measure* look_up(std::string_view key) const {
    if (key == subject_.key) return &subject_;
    const Measure* measure = find(finding_.measures, key);
    return measure != nullptr ? measure : find(finding_.control, key);
  }

  bool holds(std::string_view key) const {
    const Measure* measure = look_up(key);
    return measure != nullptr && says_something(measure->value);
  }

  Said field() {
    const std::string_view inside = take_until('}');
    const std::size_t key_end = inside.find_first_of("|:?*");
    const std::string_view key = inside.substr(0, key_end);
    const char how = key_end == std::string_view::npos ? '\0' : inside[key_end];
    const std::string_view form =
        key_end == std::string_view::npos ? std::string_view() : inside.substr(key_end + 1);
    const Measure* measure = look_up(key);
    if (how == '?') return {choice(form, measure), true};
    if (measure == nullptr) return {"?", false};
    Said said{std::string(), says_something(measure->value)};
    if (how == '*')
      said.text = each_ < list_of(*measure).size() ? list_of(*measure)[each_] : std::string();
    else if (how == '|')
      said.text = count(whole_of(*measure), form);
    else
      said.text = formatted(*measure, form);
    return said;
  }

  static std::string choice(std::string_view form, const Measure* measure) {
    const std::size_t first = form.find(':');
    const std::size_t second = form.find(':', first + 1);
    if (measure == nullptr)
      return second == std::string_view::npos ? "" : std::string(form.substr(second + 1));
    if (says_something(measure->value)) return std::string(form.substr(0, first));
    return std::string(form.substr(first + 1, second - first - 1));
  }

  static const std::vector<std::string>& list_of(const Measure& measure) {
    static const std::vector<std::string> none;
    const auto* list = std::get_if<std::vector<std::string>>(&measure.value);
    return list != nullptr ? *list : none;
  }

  static std::uint64_t whole_of(const Measure& measure) {
    const auto* number = std::get_if<std::uint64_t>(&measure.value);
    return number != nullptr ? *number : 0;
  }

  std::string formatted(const Measure& measure, std::string_view form) const {
    if (form == "B") return format_bytes(Bytes{whole_of(measure)});
    const std::string pattern = "{:" + std::string(form == "w" || form == "q" ? "" : form) + "}";
    const auto with = [&](const auto& value) { return fmt::format(fmt::runtime(pattern), value); };
    return std::visit(
        [&](const auto& value) -> std::string {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            std::vector<std::string> words = value;
            if (form == "q")
              for (std::string& word : words) word = fmt::format("\"{}\"", word);
            return list_words(words);
          } else if constexpr (std::is_same_v<T, std::string>) {
            return with(form == "w" ? phrase(value) : value);
          } else {
            return with(value);
          }
        },
        measure.value);
  }

  std::string phrase(const std::string& word) const {
    if (check_ != nullptr)
      for (const Phrase& known : check_->phrases)
        if (word == known.word) return known.says;
    return word;
  }

  /// Behind its '['.
  Said section() {
    const char guard = rest_.empty() ? '\0' : rest_.front();
    if (guard != '?' && guard != '!') {
      Said said = text(']');
      if (!said.whole) said.text.clear();
      return said;
    }
    rest_.remove_prefix(1);
    const bool wanted = holds(take_until(' ')) == (guard == '?');
    Said said = text(']');
    if (!wanted) said.text.clear();
    said.whole = wanted;
    return said;
  }

  /// Behind its '<': sections, and nothing between them.
  Said enumeration() {
    std::vector<std::string> parts;
    while (!rest_.empty() && rest_.front() == '[') {
      rest_.remove_prefix(1);
      const std::string_view begin = rest_;
      const std::size_t times = repeats(begin);
      for (each_ = 0; each_ < times; ++each_) {
        rest_ = begin;
        const Said said = section();
        if (said.whole) parts.push_back(said.text);
      }
      each_ = 0;
      if (times == 0) section();
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    return {list_words(parts), !parts.empty()};
  }

  /// How often a section is shown: once for each text of the list that it has with '*'.
  std::size_t repeats(std::string_view section_text) const {
    const std::string_view inside = section_text.substr(0, section_text.find(']'));
    const std::size_t star = inside.find("*}");
    if (star == std::string_view::npos) return 1;
    const std::size_t begin = inside.rfind('{', star) + 1;
    const Measure* measure = look_up(inside.substr(begin, star - begin));
    return measure != nullptr ? list_of(*measure).size() : 0;
  }

  std::string_view take_until(char end) {
    const std::size_t at = rest_.find(end);
    const std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return taken;
  }

  std::string_view rest_;
  const Finding& finding_;
  const Measure subject_;
  const Check* check_;
  std::size_t each_ = 0;
};

using Row = std::vector<std::string>;

std::vector<std::string> aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::vector<std::string> lines;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    lines.push_back(std::move(line));
  }
  return lines;
}

/// The lines of findings of one code, one behind the other.
std::vector<std::string> lines_of(const Code& code, const Check* check,
                                  const std::vector<const Finding*>& findings) {
  std::vector<std::string> lines;
  if (!code.columns.empty()) {
    std::vector<Row> rows(1);
    for (const auto& column : code.columns) rows.front().emplace_back(column.heading);
    for (const Finding* finding : findings) {
      rows.emplace_back();
      for (const auto& column : code.columns)
        rows.back().push_back(say(column.cell, *finding, check));
    }
    return aligned(rows);
  }
  if (code.line.empty()) return lines;
  for (const Finding* finding : findings) lines.push_back(say(code.line, *finding, check));
  return lines;
}

std::vector<std::string> details_of(const Check* check, const Findings& findings) {
  std::vector<std::string> details;
  for (std::size_t begin = 0; begin < findings.size();) {
    std::vector<const Finding*> group;
    std::size_t end = begin;
    for (; end < findings.size() && findings[end].code == findings[begin].code; ++end)
      group.push_back(&findings[end]);
    if (const Code* code = find_code(check, findings[begin].code)) {
      if (!code->heading.empty()) details.push_back(code->heading);
      append_capped(details, lines_of(*code, check, group), code->most);
    }
    begin = end;
  }
  return details;
}

std::string reason_of(const Check* check, const Findings& findings, Verdict verdict) {
  std::string reason;
  std::string additions;
  std::size_t deciding = 0;
  for (const Finding& finding : findings) {
    const Code* code = find_code(check, finding.code);
    if (code == nullptr) continue;
    additions += say(code->addition, finding, check);
    if (!code->sentence.empty() && finding.verdict == verdict && deciding++ == 0)
      reason = say(code->sentence, finding, check);
  }
  const bool counted = verdict == Verdict::fail || verdict == Verdict::inconclusive;
  if (counted && deciding > 1) reason += fmt::format(" (and {} more)", deciding - 1);
  return reason + additions;
}

std::string control_of(const Check* check, const Findings& findings) {
  std::vector<std::string> controls;
  for (const Finding& finding : findings)
    if (const Code* code = find_code(check, finding.code);
        code != nullptr && !code->control.empty() && !finding.control.empty())
      controls.push_back(say(code->control, finding, check));
  return list_words(controls);
}

}  // namespace

std::string say(std::string_view pattern, const Finding& finding, const Check* check) {
  return Speaker(pattern, finding, check).text().text;
}

const Code* find_code(const Check* check, std::string_view name) {
  if (check != nullptr)
    for (const Code* code : check->codes)
      if (name == code->name) return code;
  for (const Code* code : common_codes())
    if (name == code->name) return code;
  return nullptr;
}

CheckResult conclude(const std::string& name, const Check* check, Findings findings) {
  CheckResult result;
  result.name = name;
  result.verdict = fold(findings);
  result.reason = reason_of(check, findings, result.verdict);
  result.details = details_of(check, findings);
  result.control = control_of(check, findings);
  result.findings = std::move(findings);
  return result;
}

}  // namespace quiesce::checks
