// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/interrupts.hpp"

#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <sstream>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"
#include "harness/base/units.hpp"

namespace quiesce::agent {

namespace {

bool is_number(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// "name value" of a file of such lines.
std::optional<std::uint64_t> value_of(std::string_view text, std::string_view name) {
  for (const auto& line : split(text, '\n')) {
    std::istringstream words(line);
    std::string key;
    std::string value;
    if (words >> key >> value && key == name && is_number(value)) return std::stoull(value);
  }
  return std::nullopt;
}

/// "IO-APIC    1-edge      i8042": chip and kind of trigger, then who takes it.
void split_chip(InterruptLine& line, const std::string& rest) {
  std::istringstream words(rest);
  std::string chip;
  std::string trigger;
  words >> chip >> trigger;
  line.chip = chip + (trigger.empty() ? "" : " " + trigger);
  std::string actions;
  std::getline(words, actions);
  line.actions = trim(actions);
}

}  // namespace

InterruptTable parse_interrupts(std::string_view text) {
  InterruptTable table;
  for (const auto& raw : split(text, '\n')) {
    const std::size_t colon = raw.find(':');
    if (colon == std::string::npos) {
      if (table.cpus == 0) {
        std::istringstream header(raw);
        for (std::string word; header >> word;) table.cpus += word.starts_with("CPU") ? 1 : 0;
      }
      continue;
    }
    InterruptLine line{.name = std::string(trim(raw.substr(0, colon))), .counts = {}};
    std::istringstream words(raw.substr(colon + 1));
    std::streampos at = words.tellg();
    for (std::string word; line.counts.size() < std::max<std::size_t>(table.cpus, 1) &&
                           words >> word && is_number(word) && word.size() < 20;) {
      line.counts.push_back(std::stoull(word));
      at = words.tellg();
    }
    std::string rest;
    if (at != std::streampos(-1)) {
      words.clear();
      words.seekg(at);
      std::getline(words, rest);
    }
    const std::uint64_t first = line.counts.empty() ? 0 : line.counts.front();
    if (line.name == "ERR") table.error = first;
    if (line.name == "MIS") table.mis = first;
    if (line.name == "ERR" || line.name == "MIS" || line.counts.empty()) continue;
    if (is_number(line.name))
      split_chip(line, rest);
    else
      line.chip = trim(rest);
    table.lines.push_back(std::move(line));
  }
  return table;
}

std::optional<Spurious> parse_spurious(std::string_view text) {
  const auto count = value_of(text, "count");
  const auto unhandled = value_of(text, "unhandled");
  if (!count || !unhandled) return std::nullopt;
  return Spurious{.count = *count,
                  .unhandled = *unhandled,
                  .last_unhandled_ms = value_of(text, "last_unhandled").value_or(0)};
}

std::optional<CpuTime> parse_cpu_time(std::string_view stat) {
  std::istringstream words{std::string(stat.substr(0, stat.find('\n')))};
  std::string name;
  if (!(words >> name) || name != "cpu") return std::nullopt;
  std::vector<std::uint64_t> ticks;
  for (std::uint64_t tick = 0; words >> tick;) ticks.push_back(tick);
  if (ticks.size() < 8) return std::nullopt;
  // user nice system idle iowait irq softirq steal; guest times are in user already.
  return CpuTime{.total = std::accumulate(ticks.begin(), ticks.begin() + 8, std::uint64_t{0}),
                 .idle = ticks[3],
                 .irq = ticks[5],
                 .softirq = ticks[6]};
}

Result<Json> read_interrupts(const Request& request) {
  TRY_ASSIGN(const std::string at, request.text("at", ""));
  TRY_ASSIGN(const std::string text, read_file("/proc/interrupts"));
  TRY_ASSIGN(const std::string stat, read_file("/proc/stat"));
  const InterruptTable table = parse_interrupts(text);
  Json lines = Json::array();
  Json spurious = Json::array();
  for (const auto& line : table.lines) {
    const auto total = std::accumulate(line.counts.begin(), line.counts.end(), std::uint64_t{0});
    lines.push_back({{"name", line.name},
                     {"counts", line.counts},
                     {"total", total},
                     {"chip", line.chip},
                     {"actions", line.actions}});
    if (!is_number(line.name)) continue;
    const auto seen = read_file("/proc/irq/" + line.name + "/spurious");
    const auto found = seen ? parse_spurious(*seen) : std::nullopt;
    if (found && found->unhandled > 0)
      spurious.push_back({{"line", line.name},
                          {"count", found->count},
                          {"unhandled", found->unhandled},
                          {"last_unhandled_ms", found->last_unhandled_ms}});
  }
  Json answer{{"at", at},         {"cpus", table.cpus},  {"lines", lines}, {"error", table.error},
              {"mis", table.mis}, {"spurious", spurious}};
  if (const auto time = parse_cpu_time(stat))
    answer["time"] = {{"total", time->total},
                      {"idle", time->idle},
                      {"irq", time->irq},
                      {"softirq", time->softirq},
                      {"hertz", ::sysconf(_SC_CLK_TCK)}};
  return answer;
}

}  // namespace quiesce::agent
