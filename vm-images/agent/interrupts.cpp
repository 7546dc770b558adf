// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/interrupts.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/kmsg.hpp"

namespace quiesce::agent {

namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> whole(std::string_view word) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || word.empty()) return std::nullopt;
  return number;
}

/// Takes the first word off `text`; empty at its end.
std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

/// "16-fasteoi", "524288-edge", "2": the number inside the chip, and how it is triggered.
bool is_flow(std::string_view word) {
  return whole(word.substr(0, word.find('-'))).has_value();
}

/// What stands behind the counts of a numbered line: "IO-APIC  16-fasteoi   eth0, ahci".
void parse_owner(std::string_view rest, InterruptLine& line) {
  line.chip = next_word(rest);
  std::string_view after = rest;
  if (const auto flow = next_word(after); is_flow(flow)) {
    line.chip += ' ';
    line.chip += flow;
    rest = after;
  }
  line.actions = trim(rest);
}

std::optional<InterruptLine> parse_line(std::string_view text, std::size_t cpus) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  InterruptLine line;
  line.name = trim(text.substr(0, colon));
  if (line.name.empty()) return std::nullopt;
  std::string_view rest = text.substr(colon + 1);
  while (line.counts.size() < cpus) {
    std::string_view after = rest;
    const auto count = whole(next_word(after));
    if (!count) break;
    line.counts.push_back(*count);
    rest = after;
  }
  if (line.counts.empty()) return std::nullopt;
  if (whole(line.name))
    parse_owner(rest, line);
  else
    line.actions = trim(rest);
  return line;
}

std::string read_or_empty(const fs::path& path) {
  return read_file(path, 16U << 20).value_or(std::string());
}

std::vector<answer::InterruptLine> as_records(const InterruptTable& table) {
  std::vector<answer::InterruptLine> lines;
  for (const InterruptLine& line : table.lines)
    lines.push_back({.line = line.name,
                     .total = line.total(),
                     .chip = printable(line.chip),
                     .actions = {{printable(line.actions)}},
                     .counts = line.counts});
  return lines;
}

std::vector<answer::Spurious> read_spurious(const InterruptTable& table) {
  std::vector<answer::Spurious> list;
  for (const InterruptLine& line : table.lines) {
    if (!whole(line.name)) continue;
    const auto found = parse_spurious(read_or_empty("/proc/irq/" + line.name + "/spurious"));
    if (!found) continue;
    list.push_back({.line = {line.name},
                    .unhandled = found->unhandled,
                    .count = found->count,
                    .last_unhandled_ms = found->last_unhandled_ms});
  }
  return list;
}

answer::CpuTime read_cpu_time() {
  const CpuTime time = parse_cpu_time(read_or_empty("/proc/stat")).value_or(CpuTime());
  return {.total = static_cast<double>(time.total),
          .irq = static_cast<double>(time.irq),
          .softirq = static_cast<double>(time.softirq),
          .idle = static_cast<double>(time.idle),
          .hertz = static_cast<double>(::sysconf(_SC_CLK_TCK))};
}

Result<std::vector<record::Word>> disabled_lines() {
  std::vector<record::Word> names;
  TRY(for_each_record([&](const KmsgRecord& message) {
    std::string name = disabled_line(message.text);
    if (!name.empty() && std::ranges::find(names, name, &record::Word::text) == names.end())
      names.push_back({std::move(name)});
  }));
  return names;
}

}  // namespace

std::uint64_t InterruptLine::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

InterruptTable parse_interrupts(std::string_view text) {
  InterruptTable table;
  const auto lines = split(text, '\n');
  if (lines.empty()) return table;
  std::string_view header = lines.front();
  while (next_word(header).starts_with("CPU")) ++table.cpus;
  for (std::size_t at = 1; at < lines.size(); ++at) {
    auto line = parse_line(lines[at], table.cpus);
    if (!line) continue;
    if (line->name == "ERR")
      table.error = line->counts.front();
    else if (line->name == "MIS")
      table.mis = line->counts.front();
    else
      table.lines.push_back(*std::move(line));
  }
  return table;
}

std::optional<Spurious> parse_spurious(std::string_view text) {
  Spurious spurious;
  struct Field {
    std::string_view name;
    std::uint64_t& value;
    bool seen = false;
  };
  Field fields[] = {{"count", spurious.count},
                    {"unhandled", spurious.unhandled},
                    {"last_unhandled", spurious.last_unhandled_ms}};
  for (const std::string& line : split(text, '\n')) {
    std::string_view rest = line;
    const std::string_view name = next_word(rest);
    const auto value = whole(next_word(rest));
    auto* field = std::ranges::find(fields, name, &Field::name);
    if (field == std::end(fields) || !value) continue;
    field->value = *value;
    field->seen = true;
  }
  if (!std::ranges::all_of(fields, &Field::seen)) return std::nullopt;
  return spurious;
}

std::optional<CpuTime> parse_cpu_time(std::string_view stat) {
  // user nice system idle iowait irq softirq steal guest guest_nice
  // (Documentation/filesystems/proc.rst)
  std::string_view line = stat.substr(0, stat.find('\n'));
  if (next_word(line) != "cpu") return std::nullopt;
  std::uint64_t fields[8] = {};
  for (std::uint64_t& field : fields) {
    const auto value = whole(next_word(line));
    if (!value) return std::nullopt;
    field = *value;
  }
  return CpuTime{.total = std::accumulate(std::begin(fields), std::end(fields), std::uint64_t{0}),
                 .irq = fields[5],
                 .softirq = fields[6],
                 .idle = fields[3]};
}

std::string disabled_line(std::string_view log_line) {
  constexpr std::string_view disabling = "Disabling IRQ #";
  constexpr std::string_view irq = "irq ";
  constexpr std::string_view nobody = ": nobody cared";
  std::string_view rest;
  if (log_line.starts_with(disabling)) {
    rest = log_line.substr(disabling.size());
  } else if (log_line.starts_with(irq)) {
    const std::size_t end = log_line.find(nobody);
    if (end == std::string_view::npos) return {};
    rest = log_line.substr(irq.size(), end - irq.size());
  }
  rest = trim(rest);
  return whole(rest) ? std::string(rest) : std::string();
}

Result<Json> read_interrupts(const Request& request) {
  TRY_ASSIGN(const std::string at, request.text(&ask::Interrupts::at, ""));
  TRY_ASSIGN(const std::string text, read_file("/proc/interrupts", 16U << 20));
  const InterruptTable table = parse_interrupts(text);
  answer::Interrupts told{.at = at,
                          .lines = as_records(table),
                          .spurious = read_spurious(table),
                          .disabled = {},
                          .time = read_cpu_time(),
                          .error = table.error,
                          .cpus = table.cpus,
                          .mis = table.mis};
  TRY_ASSIGN(told.disabled, disabled_lines());
  return record::as_json(told);
}

}  // namespace quiesce::agent
