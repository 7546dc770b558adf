// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/trace.hpp"

#include <algorithm>
#include <cmath>

#include "harness/base/text.hpp"
#include "harness/record/trace_line.hpp"

namespace quiesce::evidence {

namespace {

constexpr const char* config_write = "pci_cfg_write";

}  // namespace

std::optional<PciWrite> parse_pci_write(const TraceLine& line) {
  if (line.event != config_write) return std::nullopt;
  const auto parsed = record::parse_pci_cfg_write(line.arguments);
  if (!parsed) return std::nullopt;
  return PciWrite{line.t, parsed->address, parsed->offset, parsed->value};
}

const std::vector<double>& Trace::times_of(const scenario::Profile::TraceMeaning& meaning) const {
  static const std::vector<double> never;
  const auto found = events.find({meaning.event, meaning.matches});
  return found == events.end() ? never : found->second;
}

TraceReader::TraceReader(const scenario::RunPlan& plan, double realtime) : realtime_(realtime) {
  for (const auto& device : plan.devices)
    for (const auto& meaning : device.profile.trace)
      trace_.events.try_emplace({meaning.event, meaning.matches});
}

void TraceReader::take(std::string_view line) {
  const auto parsed = record::parse_trace_line(line);
  if (!parsed || !parsed->realtime || !std::isfinite(*parsed->realtime)) return;
  ++trace_.lines;
  const double t = *parsed->realtime - realtime_;
  // Lines of several threads come in nearly their order.
  constexpr double most_out_of_order = 0.5;
  latest_ = std::max(latest_, t);
  trace_.goes_back = trace_.goes_back || t < latest_ - most_out_of_order;
  trace_.last = t;
  if (parsed->event == record::apic_delivery)
    if (const auto delivery = record::parse_apic_delivery(parsed->arguments))
      trace_.deliveries[delivery->vector][delivery->where].push_back(t);
  const bool writes = parsed->event == config_write;
  std::optional<std::string> arguments;  // of the few that are asked for
  for (auto& [name, times] : trace_.events) {
    if (parsed->event != name.first) continue;
    if (!arguments) arguments = printable(parsed->arguments);
    if (arguments->find(name.second) != std::string::npos) times.push_back(t);
  }
  if (!writes) return;
  if (!arguments) arguments = printable(parsed->arguments);
  const auto write = record::parse_pci_cfg_write(*arguments);
  if (!write) return;
  trace_.by_function[write->address].push_back(static_cast<std::uint32_t>(trace_.writes.size()));
  trace_.writes.push_back({t, write->address, write->offset, write->value});
}

}  // namespace quiesce::evidence
