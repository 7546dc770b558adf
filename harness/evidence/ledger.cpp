// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/parse.hpp"
#include "harness/evidence/sequence.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/ledger.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

/// No model writes more at once (wire/model_registers.hpp: 64 KiB); a larger one is damage and must
/// not cost memory later.
constexpr std::uint64_t longest_write = 1ULL << 20;

/// Takes one line in; false when it is damaged.
bool take(Ledger& ledger, const json& line, double zero) {
  if (!line.is_object()) return false;
  const auto head = record::read<record::LedgerHead>(line);
  if (!head.mono || head.event.empty()) return false;
  const double t = ledger.timed ? *head.mono - zero : 0;
  if (head.event != record::ledger::Write::name) {
    ledger.entries.push_back({t, head.event, line});
    return true;
  }
  const auto write = record::read<record::ledger::Write>(line);
  if (!write.address || write.bytes == 0 || write.bytes > longest_write ||
      write.address->value > UINT64_MAX - write.bytes)
    return false;
  std::optional<std::uint64_t> crc;
  if (const auto number = parse_number(write.crc ? write.crc->text : "")) crc = *number;
  ledger.writes.push_back(
      {t, write.address->value, write.bytes, crc, write.sequence, write.epoch, write.tagged});
  return true;
}

}  // namespace

std::vector<const LedgerEntry*> Ledger::events(std::string_view name) const {
  std::vector<const LedgerEntry*> found;
  for (const LedgerEntry& entry : entries)
    if (entry.event == name) found.push_back(&entry);
  return found;
}

Ledger parse_ledger(std::string_view text, const std::string& device,
                    std::optional<double> monotonic, std::vector<std::string>& damage) {
  Ledger ledger;
  ledger.timed = monotonic && std::isfinite(*monotonic);
  const std::string file = record::ledger_file(printable(device));
  std::size_t bad = 0;
  std::size_t number = 0;
  Sequence sequence;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(whole ? end + 1 : text.size());
    ++number;
    if (trim(line).empty()) continue;
    const json object = parsed(line);
    sequence.take(line, object, number, whole);
    if (take(ledger, object, monotonic.value_or(0))) continue;
    if (!whole && object.is_discarded())
      damage.push_back(file + ": the last line is cut off");
    else
      ++bad;
  }
  if (bad > 0) damage.push_back(fmt::format("{}: {} lines could not be read", file, bad));
  sequence.close(file, damage);
  if (!ledger.timed)
    damage.push_back(file + ": its times mean nothing, run.start has no \"monotonic\"");
  const auto earlier = [](const auto& a, const auto& b) { return a.t < b.t; };
  std::stable_sort(ledger.writes.begin(), ledger.writes.end(), earlier);
  std::stable_sort(ledger.entries.begin(), ledger.entries.end(), earlier);
  return ledger;
}

std::vector<GateWindow> gate_windows(const Run& run) {
  std::vector<GateWindow> windows;
  for (const auto& event : run.events<record::event::GateWindow>()) {
    if (!event.t0 || !event.t1) continue;
    GateWindow window;
    window.off = event.off.value.value_or("");
    window.had_bus_master = window.off.empty() || event.had_bus_master.value_or(true);
    window.t0 = *event.t0;
    window.t1 = *event.t1;
    window.begin = event.begin.value_or(*event.t0);
    window.end = event.end.value_or(*event.t1);
    window.stopped_s = event.stopped_s.value_or(0);
    for (const auto& page : event.pages) window.pages.push_back(page.value & ~0xfffULL);
    std::sort(window.pages.begin(), window.pages.end());
    windows.push_back(std::move(window));
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const auto& a, const auto& b) { return a.t0 < b.t0; });
  return windows;
}

}  // namespace quiesce::evidence
