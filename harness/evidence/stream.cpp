// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/parse.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/tag_kind.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

StrayPage::Origin origin_of(const record::StrayTag& tag) {
  StrayPage::Origin origin;
  origin.tag.device = tag.device;
  origin.tag.sequence = tag.sequence;
  origin.tag.block = tag.block;
  origin.foreign = tag.foreign;
  if (const auto kind = record::tag_kind_from(tag.kind)) origin.tag.kind = *kind;
  return origin;
}

std::optional<StrayPage> stray_of(const json& object) {
  const auto line = record::read<record::StrayLine>(object);
  if (!line.t || !line.since || !line.page) return std::nullopt;
  StrayPage stray;
  stray.t = *line.t;
  stray.since = *line.since;
  stray.page = GuestPhys{line.page->value};
  stray.bytes = line.bytes;
  stray.first = line.first;
  stray.last = line.last;
  stray.owner = line.owner.value.value_or("");
  for (const auto& tag : line.tags)
    if (!tag.device.empty()) stray.tags.push_back(origin_of(tag));
  return stray;
}

std::optional<Event> event_of(const json& object) {
  const auto head = record::read<record::event::Head>(object);
  if (!head.t || head.event.empty()) return std::nullopt;
  return Event{*head.t, head.event, object};
}

std::optional<AgentMessage> message_of(const json& object) {
  auto line = record::read<record::AgentLine>(object);
  if (!line.t || !line.payload.is_object()) return std::nullopt;
  const auto head = record::read<record::PayloadHead>(line.payload);
  const bool is_event = line.kind == record::said::Hello::kind;
  // `error` is also what /proc/interrupts calls a count.
  const bool refused = head.error && head.error->is_object();
  return AgentMessage{
      *line.t, line.kind, line.role, std::move(line.payload), is_event ? head.event : head.op,
      refused};
}

/// "[12.345678] rest": takes the time off the line.
std::optional<double> take_prefix(std::string_view& line) {
  if (line.empty() || line.front() != '[') return std::nullopt;
  const std::size_t close = line.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view inside = trim(line.substr(1, close - 1));
  double t = 0;
  const auto [rest, error] = std::from_chars(inside.data(), inside.data() + inside.size(), t);
  if (error != std::errc() || rest != inside.data() + inside.size() || !std::isfinite(t))
    return std::nullopt;
  line.remove_prefix(std::min(line.size(), close + 1));
  if (!line.empty() && line.front() == ' ') line.remove_prefix(1);
  return t;
}

}  // namespace

void LineCutter::give(std::string_view line, bool whole) {
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  take_(line, whole);
}

void LineCutter::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) {
      rest_ += bytes;
      return;
    }
    if (rest_.empty()) {
      give(bytes.substr(0, end), true);
    } else {
      rest_ += bytes.substr(0, end);
      give(rest_, true);
      rest_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
}

void LineCutter::end() {
  if (!rest_.empty()) give(rest_, false);
  rest_.clear();
}

void each_line(std::string_view text, const LineCutter::Take& take) {
  LineCutter cutter(take);
  cutter.feed(text);
  cutter.end();
}

template <class Item>
void Ndjson<Item>::take(std::string_view line, bool whole) {
  ++lines_;
  if (trim(line).empty()) return;
  const json object = parsed(line);
  sequence_.take(line, object, lines_, whole);
  std::optional<Item> item = object.is_object() ? make_(object) : std::nullopt;
  if (item)
    items_.push_back(*std::move(item));
  else if (!whole && object.is_discarded())
    cut_ = true;
  else if (++bad_ == 1)
    first_bad_ = lines_;
}

template <class Item>
std::vector<Item> Ndjson<Item>::done(Damage& damage) {
  if (bad_ > 0)
    damage.push_back(fmt::format("{}: {} of {} lines could not be read, the first is line {}",
                                 file_, bad_, lines_, first_bad_));
  if (cut_) damage.push_back(fmt::format("{}: the last line is cut off", file_));
  sequence_.close(file_, damage);
  return std::move(items_);
}

template class Ndjson<Event>;
template class Ndjson<StrayPage>;
template class Ndjson<AgentMessage>;

Ndjson<Event> timeline_reader() {
  return {record::file::timeline, event_of};
}
Ndjson<StrayPage> stray_reader() {
  return {record::file::dma, stray_of};
}
Ndjson<AgentMessage> agent_reader() {
  return {record::file::agent, message_of};
}

void SerialReader::take(std::string_view line, bool whole) {
  cut_ = !whole;
  t_ = take_prefix(line).value_or(t_);
  lines_.push_back({t_, printable(line)});
}

bool Streams::has(const std::string& name) {
  return name == record::file::dma || name == record::file::agent || name == record::file::serial ||
         name == record::file::trace;
}

Streams::Streams(const scenario::RunPlan& plan, double realtime)
    : strays_(stray_reader()), agent_(agent_reader()), trace_(plan, realtime) {
  cutters_.emplace(record::file::dma, [this](auto line, bool whole) { strays_.take(line, whole); });
  cutters_.emplace(record::file::agent,
                   [this](auto line, bool whole) { agent_.take(line, whole); });
  cutters_.emplace(record::file::serial,
                   [this](auto line, bool whole) { serial_.take(line, whole); });
  cutters_.emplace(record::file::trace, [this](auto line, bool) { trace_.take(line); });
}

void Streams::done(Run& run) {
  for (auto& [name, cutter] : cutters_) cutter.end();
  run.strays = strays_.done(run.damage);
  run.trace = trace_.done();
  run.agent = agent_.done(run.damage);
  const auto want_numbers = [&](const auto& lines, const char* file) {
    if (lines.is_bare() && is_numbered(run.timeline))
      run.damage.push_back(fmt::format("{}: no line carries a number", file));
  };
  want_numbers(strays_, record::file::dma);
  want_numbers(agent_, record::file::agent);
  run.serial = serial_.done();
}

}  // namespace quiesce::evidence
