// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/parse.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/record/catalog.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

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

namespace {

template <class Item>
std::vector<Item> all_of(Ndjson<Item> reader, std::string_view text, Damage& damage) {
  each_line(text, [&](std::string_view line, bool whole) { reader.take(line, whole); });
  return reader.done(damage);
}

}  // namespace

bool is_numbered(const std::vector<Event>& timeline) {
  return std::ranges::any_of(timeline, [](const Event& event) {
    return event.name == record::event::RunStart::name &&
           record::read<record::event::RunStart>(event.fields).plan;
  });
}

std::vector<Event> parse_timeline(std::string_view text, Damage& damage) {
  auto reader = timeline_reader();
  each_line(text, [&](std::string_view line, bool whole) { reader.take(line, whole); });
  auto events = reader.done(damage);
  if (reader.is_bare() && is_numbered(events))
    damage.push_back(fmt::format("{}: no line carries a number", record::file::timeline));
  note_wrong_fields(events, damage);
  return events;
}

std::vector<StrayPage> parse_strays(std::string_view text, Damage& damage) {
  return all_of(stray_reader(), text, damage);
}

std::vector<AgentMessage> parse_agent(std::string_view text, Damage& damage) {
  return all_of(agent_reader(), text, damage);
}

std::vector<SerialLine> parse_serial(std::string_view text) {
  SerialReader reader;
  each_line(text, [&](std::string_view line, bool whole) { reader.take(line, whole); });
  return reader.done();
}

Trace parse_trace(std::string_view text, double realtime, const scenario::RunPlan& plan) {
  TraceReader reader(plan, realtime);
  each_line(text, [&](std::string_view line, bool) { reader.take(line); });
  return reader.done();
}

PciSnapshot parse_pci(std::string_view text, const std::string& name, Damage& damage) {
  PciSnapshot snapshot;
  snapshot.mark = name;
  const json object = parsed(text);
  if (!object.is_object()) {
    damage.push_back(fmt::format("pci/{}.json: it is no JSON object", name));
    return snapshot;
  }
  const auto file = record::read<record::PciFile>(object);
  snapshot.t = file.t;
  // "capture-end", and "capture-end-agent" of the same mark by the agent.
  if (name != file.mark && name != file.mark + "-agent")
    damage.push_back(fmt::format("pci/{}.json: it is of the mark \"{}\"", name, file.mark));
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
