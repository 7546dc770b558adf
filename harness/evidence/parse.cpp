// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/evidence/sequence.hpp"
#include "harness/record/agent.hpp"
#include "harness/record/catalog.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/tag_kind.hpp"
#include "harness/record/trace_line.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

/// Calls `use(line)` for each line; a line feed ends a line.
template <class Use>
void each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const bool whole = end != std::string_view::npos;
    std::string_view line = text.substr(0, whole ? end : text.size());
    text.remove_prefix(whole ? end + 1 : text.size());
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    use(line, whole);
  }
}

/// Collects the objects that `make(object) -> optional<Item>` accepts, and says what was lost.
template <class Item, class Make>
std::vector<Item> parse_ndjson(std::string_view text, const char* file, Damage& damage, Make make) {
  std::vector<Item> items;
  std::size_t number = 0;
  std::size_t first_bad = 0;
  std::size_t bad = 0;
  bool cut = false;
  Sequence sequence;
  each_line(text, [&](std::string_view line, bool whole) {
    ++number;
    if (trim(line).empty()) return;
    const json object = json::parse(line, nullptr, false);
    sequence.take(line, object, number, whole);
    std::optional<Item> item = object.is_object() ? make(object) : std::nullopt;
    if (item) {
      items.push_back(*std::move(item));
    } else if (!whole && object.is_discarded()) {
      cut = true;
    } else if (++bad == 1) {
      first_bad = number;
    }
  });
  if (bad > 0)
    damage.push_back(fmt::format("{}: {} of {} lines could not be read, the first is line {}", file,
                                 bad, number, first_bad));
  if (cut) damage.push_back(fmt::format("{}: the last line is cut off", file));
  sequence.close(file, damage);
  return items;
}

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

/// Fields that are there and of another type than their record says.
void note_wrong_fields(const std::vector<Event>& events, Damage& damage) {
  std::size_t bad = 0;
  std::string first;
  for (const Event& event : events) {
    const record::Kind* kind = record::find_event(event.name);
    if (kind == nullptr) continue;
    const auto wrong = kind->wrong(event.fields);
    if (wrong.empty() || ++bad > 1) continue;
    first = fmt::format("{} of {} at {:.3f} s", printable(wrong.front()), event.name, event.t);
  }
  if (bad > 0)
    damage.push_back(fmt::format("{}: {} events have fields of another type, the first is {}",
                                 record::file::timeline, bad, first));
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

/// A line of the trace on the timeline's clock; one without a time of its own says nothing here.
std::optional<TraceLine> trace_of(std::string_view line, double realtime) {
  const auto parsed = record::parse_trace_line(line);
  if (!parsed || !parsed->realtime || !std::isfinite(*parsed->realtime)) return std::nullopt;
  return TraceLine{*parsed->realtime - realtime, printable(parsed->event),
                   printable(parsed->arguments)};
}

std::optional<PciFunction> function_of(const json& object) {
  constexpr std::size_t largest = 4096;  // PCIe 7.2.2: the extended configuration space
  const auto line = record::read<record::PciFunctionLine>(object);
  const auto address = parse_pci_address(line.address);
  auto bytes = from_hex(line.config);
  if (!address || !bytes || bytes->size() > largest) return std::nullopt;
  // Trailing zeros may be cut; `length` says how many bytes there are.
  const auto length = line.length.value_or(bytes->size());
  if (length <= largest && length > bytes->size()) bytes->resize(length);
  return PciFunction{*address, PciConfig(*std::move(bytes)), line.driver.value.value_or("")};
}

}  // namespace

std::vector<Event> parse_timeline(std::string_view text, Damage& damage) {
  auto events = parse_ndjson<Event>(text, record::file::timeline, damage,
                                    [](const json& object) -> std::optional<Event> {
                                      const auto head = record::read<record::event::Head>(object);
                                      if (!head.t || head.event.empty()) return std::nullopt;
                                      return Event{*head.t, head.event, object};
                                    });
  note_wrong_fields(events, damage);
  return events;
}

std::vector<StrayPage> parse_strays(std::string_view text, Damage& damage) {
  return parse_ndjson<StrayPage>(text, record::file::dma, damage, stray_of);
}

std::vector<AgentMessage> parse_agent(std::string_view text, Damage& damage) {
  return parse_ndjson<AgentMessage>(
      text, record::file::agent, damage, [](const json& object) -> std::optional<AgentMessage> {
        auto line = record::read<record::AgentLine>(object);
        if (!line.t || !line.payload.is_object()) return std::nullopt;
        const auto head = record::read<record::PayloadHead>(line.payload);
        const bool is_event = line.kind == record::said::Hello::kind;
        // `error` is also what /proc/interrupts calls a count.
        const bool refused = head.error && head.error->is_object();
        return AgentMessage{
            *line.t, line.kind, line.role, std::move(line.payload), is_event ? head.event : head.op,
            refused};
      });
}

std::vector<SerialLine> parse_serial(std::string_view text) {
  std::vector<SerialLine> lines;
  double t = 0;
  each_line(text, [&](std::string_view line, bool) {
    t = take_prefix(line).value_or(t);
    lines.push_back({t, printable(line)});
  });
  return lines;
}

std::vector<TraceLine> parse_trace(std::string_view text, double realtime) {
  std::vector<TraceLine> lines;
  each_line(text, [&](std::string_view line, bool) {
    if (auto parsed = trace_of(line, realtime)) lines.push_back(*std::move(parsed));
  });
  return lines;
}

PciSnapshot parse_pci(std::string_view text, const std::string& name, Damage& damage) {
  PciSnapshot snapshot;
  snapshot.mark = name;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    damage.push_back(fmt::format("pci/{}.json: it is no JSON object", name));
    return snapshot;
  }
  const auto file = record::read<record::PciFile>(object);
  snapshot.t = file.t;
  std::size_t bad = 0;
  for (const json& entry : file.functions) {
    if (auto function = function_of(entry))
      snapshot.functions.push_back(*std::move(function));
    else
      ++bad;
  }
  if (bad > 0) damage.push_back(fmt::format("pci/{}.json: {} functions are damaged", name, bad));
  return snapshot;
}

std::vector<std::string> parse_lines(std::string_view text) {
  std::vector<std::string> lines;
  each_line(text, [&](std::string_view line, bool) { lines.push_back(printable(line)); });
  return lines;
}

}  // namespace quiesce::evidence
