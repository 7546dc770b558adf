// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/endings.hpp"

#include <fmt/format.h>
#include <linux/pci_regs.h>

#include <algorithm>

#include "harness/record/events_watch.hpp"
#include "harness/record/layout.hpp"

namespace quiesce::checks {

namespace {

using Cause = Ending::Cause;

struct Name {
  Cause cause;
  const char* word;
  const char* sentence;
};
constexpr Name names[] = {
    {Cause::driver_reset, "driver-reset", "its driver reset it"},
    {Cause::device_stopped, "device-stopped", "it was told to stop"},
    {Cause::bus_master_cleared, "bus-master-cleared", "its Bus Master was cleared"},
    {Cause::function_level_reset, "function-level-reset", "it got a function level reset"},
    {Cause::bus_reset, "bus-reset", "the bus above it was reset"},
    {Cause::d3hot, "d3hot", "it was put to D3hot"},
    {Cause::taken_over, "taken-over", "its driver had taken it over"},
    {Cause::ring_used_up, "ring-used-up", "its receive ring was used up"},
};

const Name& name_of(Cause cause) {
  for (const Name& name : names)
    if (name.cause == cause) return name;
  return names[0];
}

/// Causes that a profile's trace meaning can name.
std::optional<Cause> cause_of(const std::string& means) {
  for (const Cause cause : {Cause::driver_reset, Cause::device_stopped, Cause::ring_used_up})
    if (means == word(cause)) return cause;
  return std::nullopt;
}

void add_trace_meanings(std::vector<Ending>& list, const evidence::Run& run,
                        const scenario::PlannedDevice& device, double handover) {
  for (const auto& meaning : device.profile.trace) {
    const auto cause = cause_of(meaning.means);
    if (!cause) continue;
    for (const double t : run.trace.times_of(meaning))
      if (t > handover) list.push_back({*cause, t});
  }
}

const evidence::PciFunction* at_handover(const evidence::Run& run, PciAddress address) {
  for (const std::string& mark :
       {std::string(record::mark::handover), std::string(record::mark::production),
        record::agent_view(record::mark::production)})
    if (const auto snapshot = run.pci.find(mark); snapshot != run.pci.end())
      if (const auto* function = snapshot->second.find(address)) return function;
  return nullptr;
}

/// A bridge with the device's bus below it: Secondary and Subordinate Bus Number (PCI-to-PCI
/// bridge 1.2, 3.2.5).
bool is_above(const PciConfig& bridge, PciAddress device) {
  return bridge.is_bridge() && bridge.byte(PCI_SECONDARY_BUS) <= device.bus &&
         device.bus <= bridge.byte(PCI_SUBORDINATE_BUS);
}

std::optional<Cause> cause_of(const evidence::Run& run, const evidence::PciWrite& write,
                              const PciAddress address, const evidence::PciFunction* device) {
  if (write.address == address) {
    if (evidence::sets_bus_master(write) == false) return Cause::bus_master_cleared;
    if (device != nullptr && evidence::initiates_flr(write, device->config))
      return Cause::function_level_reset;
    if (device != nullptr && evidence::enters_d3hot(write, device->config)) return Cause::d3hot;
    return std::nullopt;
  }
  const auto* bridge = at_handover(run, write.address);
  if (bridge != nullptr && is_above(bridge->config, address) &&
      evidence::resets_secondary_bus(write, bridge->config))
    return Cause::bus_reset;
  return std::nullopt;
}

/// A configuration write that ends the device's DMA.
struct Config {
  Cause cause;
  evidence::PciWrite write;
};

std::vector<Config> find_config(const evidence::Run& run, const scenario::PlannedDevice& device) {
  const auto* function = at_handover(run, device.address);
  // Of itself and of the bridges above it, in the trace's order.
  std::vector<std::uint32_t> places;
  for (const auto& [address, writes] : run.trace.by_function) {
    const auto* other = at_handover(run, address);
    if (address == device.address || (other != nullptr && is_above(other->config, device.address)))
      places.insert(places.end(), writes.begin(), writes.end());
  }
  std::sort(places.begin(), places.end());
  std::vector<Config> found;
  for (const std::uint32_t place : places) {
    const auto& write = run.trace.writes[place];
    if (const auto cause = cause_of(run, write, device.address, function))
      found.push_back({*cause, write});
  }
  return found;
}

/// The experiment clears Bus Master and puts it back: that ends nothing.
bool by_the_gate(const std::vector<evidence::GateWindow>& gates, const evidence::PciWrite& write,
                 const scenario::PlannedDevice& device) {
  return write.address == device.address &&
         std::any_of(gates.begin(), gates.end(), [&](const auto& gate) {
           return gate.off == device.name && write.t >= gate.begin && write.t <= gate.end;
         });
}

/// The event says so, or its registers do.
bool is_used_up(const record::event::Ring& ring) {
  return ring.used_up.value_or(ring.head && ring.head == ring.tail);
}

/// Head and tail of the receive ring that are equal while frames were still fed: nothing left to
/// write into.
void add_ring_polls(std::vector<Ending>& list, const evidence::Run& run, const std::string& device,
                    double handover) {
  double last_fed = handover;
  for (const auto& feed : run.events<record::event::Feed>())
    if (feed.device == device) last_fed = std::max(last_fed, feed.t);
  for (const auto& ring : run.events<record::event::Ring>())
    if (ring.t > handover && ring.t < last_fed && ring.device == device && is_used_up(ring))
      list.push_back({Cause::ring_used_up, ring.t});
}

/// Frames in the capture kernel's memory: a device that was given other buffers writes into the old
/// ones no more. When, is known by the frames: each was given to it at a known time or later.
void add_take_over(std::vector<Ending>& list, const evidence::Run& run, const std::string& device,
                   double handover) {
  for (const auto& landed : run.events<record::event::Landed>()) {
    if (landed.device != device || !landed.oldest || !landed.newest) continue;
    for (const auto& feed : run.events<record::event::Feed>())
      if (feed.device == device && feed.t > handover &&
          (feed.sequence == landed.oldest || feed.sequence == landed.newest))
        list.push_back({Cause::taken_over, feed.t});
  }
}

}  // namespace

const char* to_string(Cause cause) {
  return name_of(cause).sentence;
}
const char* word(Cause cause) {
  return name_of(cause).word;
}

std::vector<std::pair<const char*, const char*>> ending_words() {
  std::vector<std::pair<const char*, const char*>> words;
  for (const Name& name : names) words.emplace_back(name.word, name.sentence);
  return words;
}

std::vector<Ending> endings(const evidence::Run& run, const scenario::PlannedDevice& device,
                            double handover) {
  std::vector<Ending> list;
  add_trace_meanings(list, run, device, handover);
  add_ring_polls(list, run, device.name, handover);
  add_take_over(list, run, device.name, handover);
  const auto gates = evidence::gate_windows(run);
  for (const Config& found : find_config(run, device))
    if (found.write.t > handover && !by_the_gate(gates, found.write, device))
      list.push_back({found.cause, found.write.t});
  std::stable_sort(list.begin(), list.end(),
                   [](const Ending& a, const Ending& b) { return a.t < b.t; });
  return list;
}

std::vector<Ending> endings_by_config(const evidence::Run& run,
                                      const scenario::PlannedDevice& device, double from,
                                      double until) {
  std::vector<Ending> list;
  for (const Config& found : find_config(run, device))
    if (found.write.t >= from && found.write.t <= until)
      list.push_back({found.cause, found.write.t});
  return list;
}

}  // namespace quiesce::checks
