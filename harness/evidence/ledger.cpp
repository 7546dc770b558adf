// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/evidence/parse.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::evidence {

namespace {

using nlohmann::json;

/// No model writes more at once (wire/model_registers.hpp: 64 KiB); a larger one is damage and must
/// not cost memory later.
constexpr std::uint64_t longest_write = 1ULL << 20;

std::optional<double> finite(const json& object, const char* key) {
  const auto value = number_of(object, key);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// Takes one line in; false when it is damaged.
bool take(Ledger& ledger, const json& line, double zero) {
  if (!line.is_object()) return false;
  const auto mono = finite(line, "mono");
  const std::string event = text_of(line, "event");
  if (!mono || event.empty()) return false;
  const double t = ledger.timed ? *mono - zero : 0;
  if (event != "dma.write") {
    ledger.entries.push_back({t, event, line});
    return true;
  }
  const auto address = address_of(line, "address");
  const auto bytes = whole_of(line, "bytes");
  if (!address || !bytes || *bytes == 0 || *bytes > longest_write || *address > UINT64_MAX - *bytes)
    return false;
  auto crc = whole_of(line, "crc");
  if (!crc) crc = address_of(line, "crc");
  ledger.writes.push_back({t, *address, *bytes, crc, whole_of(line, "sequence"),
                           whole_of(line, "epoch").value_or(0),
                           flag_of(line, "tagged").value_or(false)});
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
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(whole ? end + 1 : text.size());
    if (trim(line).empty()) continue;
    const json object = json::parse(line, nullptr, false);
    if (take(ledger, object, monotonic.value_or(0))) continue;
    if (!whole && object.is_discarded())
      damage.push_back(file + ": the last line is cut off");
    else
      ++bad;
  }
  if (bad > 0) damage.push_back(fmt::format("{}: {} lines could not be read", file, bad));
  if (!ledger.timed)
    damage.push_back(file + ": its times mean nothing, run.start has no \"monotonic\"");
  const auto earlier = [](const auto& a, const auto& b) { return a.t < b.t; };
  std::stable_sort(ledger.writes.begin(), ledger.writes.end(), earlier);
  std::stable_sort(ledger.entries.begin(), ledger.entries.end(), earlier);
  return ledger;
}

std::vector<GateWindow> gate_windows(const std::vector<Event>& timeline) {
  std::vector<GateWindow> windows;
  for (const Event& event : timeline) {
    if (event.name != record::event::gate_window) continue;
    const auto t0 = finite(event.fields, "t0");
    const auto t1 = finite(event.fields, "t1");
    if (!t0 || !t1) continue;
    GateWindow window;
    window.off = event.text("off");
    window.had_bus_master =
        window.off.empty() || flag_of(event.fields, "had_bus_master").value_or(true);
    window.t0 = *t0;
    window.t1 = *t1;
    window.begin = finite(event.fields, "begin").value_or(*t0);
    window.end = finite(event.fields, "end").value_or(*t1);
    window.stopped_s = finite(event.fields, "stopped_s").value_or(0);
    for (const json& page : list_of(event.fields, "pages"))
      if (const auto address = address_of({{"page", page}}, "page"))
        window.pages.push_back(*address & ~0xfffULL);
    std::sort(window.pages.begin(), window.pages.end());
    windows.push_back(std::move(window));
  }
  std::stable_sort(windows.begin(), windows.end(),
                   [](const auto& a, const auto& b) { return a.t0 < b.t0; });
  return windows;
}

}  // namespace quiesce::evidence
