// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pci_action.hpp"

#include <algorithm>
#include <functional>
#include <thread>
#include <vector>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "vm-images/agent/function.hpp"
#include "vm-images/agent/pci.hpp"
#include "vm-images/agent/sysfs.hpp"

namespace quiesce::agent {

namespace {

constexpr std::uint16_t command_at = 0x04;
constexpr std::uint16_t bridge_control_at = 0x3e;
constexpr std::uint16_t bus_master = 0x4;
constexpr std::uint16_t secondary_bus_reset = 0x40;
// Trst is 1 ms (PCI 3.0 section 4.3.2); the kernel holds it for 2 (drivers/pci/pci.c).
constexpr Seconds reset_held{0.002};
// Nobody may ask a device anything for 100 ms after its reset ends (PCIe 6.0 section 6.6.1).
constexpr Seconds reset_quiet{0.1};
// D3hot to D0 takes 10 ms (PCI PM 1.2 section 5.6.1).
constexpr Seconds power_change{0.01};
constexpr const char* methods[] = {"device_specific", "acpi", "flr", "af_flr", "pm", "bus",
                                   "cxl_bus"};

void rest(Seconds time) {
  std::this_thread::sleep_for(time);
}

Seconds now() {
  return system_clock().now().time_since_epoch();
}

struct Asked {
  std::string what;
  std::string method;
  Seconds patience;
};

Result<void> reset_by_method(const Function& function, const Asked& asked) {
  TRY(function.write(function.folder() / "reset_method", asked.method, asked.patience));
  return function.write(function.folder() / "reset", "1", asked.patience);
}

Result<void> bus_master_off(const Function& function) {
  TRY_ASSIGN(const PciConfig config, function.config());
  return function.write_config(command_at, 2, config.command() & ~unsigned{bus_master});
}

Result<void> through_d3hot(const Function& function) {
  TRY_ASSIGN(const PciConfig config, function.config());
  const auto pm = config.capability(0x01);
  if (!pm) return fail(Errc::unsupported, "the function has no power management capability");
  const auto at = static_cast<std::uint16_t>(pm->offset + 4);
  const unsigned other = config.word(at) & ~3U;
  TRY(function.write_config(at, 2, other | 3U));
  rest(power_change);
  TRY(function.write_config(at, 2, other));
  rest(power_change);
  return {};
}

/// Everything below the bridge loses its configuration: what the kernel had set up is put back, as
/// pci_restore_state does.
Result<void> restore(const Function& function, const PciConfig& saved) {
  for (std::uint16_t at = 0x10; at <= 0x24; at += 4)
    TRY(function.write_config(at, 4, saved.dword(at)));
  TRY(function.write_config(0x3c, 1, saved.byte(0x3c)));
  return function.write_config(command_at, 2, saved.command());
}

std::vector<Function> below(PciAddress bridge, const Function& like) {
  std::vector<Function> functions;
  for (const PciAddress address : pci_functions()) {
    const Function function(address, like.root());
    if (function.bridge() == bridge) functions.push_back(function);
  }
  return functions;
}

std::optional<double> wait_ready(const Function& function, Seconds since, Seconds patience) {
  const bool ready = poll_until<bool>(patience, [&] {
    const auto config = function.config();
    return config && !config->absent();
  });
  if (!ready) return std::nullopt;
  return std::max(0.0, (now() - since).count()) * 1000;
}

Result<void> hot_reset(const Function& function, const Asked& asked) {
  const auto above = function.bridge();
  if (!above)
    return fail(Errc::unsupported, "the function sits on a root bus: there is no bridge to reset");
  const Function bridge(*above, function.root());
  std::vector<std::pair<Function, PciConfig>> saved;
  for (const auto& one : below(*above, function)) {
    TRY_ASSIGN(PciConfig config, one.config());
    saved.emplace_back(one, std::move(config));
  }
  TRY_ASSIGN(const PciConfig config, bridge.config());
  const unsigned control = config.word(bridge_control_at);
  TRY(bridge.write_config(bridge_control_at, 2, control | secondary_bus_reset));
  rest(reset_held);
  TRY(bridge.write_config(bridge_control_at, 2, control));
  const Seconds released = now();
  rest(reset_quiet);
  for (const auto& [one, before] : saved) {
    wait_ready(one, released, asked.patience);
    TRY(restore(one, before));
  }
  return {};
}

Result<void> remove_rescan(const Function& function, const Asked& asked) {
  TRY(function.write(function.folder() / "remove", "1", asked.patience));
  TRY(function.write(function.root() / "rescan", "1", asked.patience));
  if (!poll_until<bool>(asked.patience, [&] { return function.exists(); }))
    return fail(Errc::timeout, "the function was not found again");
  return {};
}

Result<void> act(const Function& function, const Asked& asked) {
  if (asked.what == "nothing") return {};
  if (asked.what == "bus-master-off") return bus_master_off(function);
  if (asked.what == "reset") return reset_by_method(function, asked);
  if (asked.what == "hot-reset") return hot_reset(function, asked);
  if (asked.what == "remove-rescan") return remove_rescan(function, asked);
  return through_d3hot(function);
}

Json hex_of(const Result<PciConfig>& config) {
  return config ? Json(to_hex(without_trailing_zeros(config->bytes()))) : Json();
}

Json act_on(PciAddress address, const Asked& asked) {
  const Function function(address);
  Json answer{{"address", to_string(address)}};
  const auto available = function.file("reset_method");
  answer["methods"] = available ? Json(*available) : Json();
  const auto before = function.config();
  const Seconds began = now();
  const auto done = act(function, asked);
  const auto ready = wait_ready(function, began, asked.patience);
  const auto after = function.config();
  answer["guest_began"] = began.count();
  answer["guest_ended"] = now().count();
  answer["ok"] = done.has_value();
  answer["error"] = done ? Json() : Json(done.error().describe());
  answer["ready_ms"] = ready ? Json(*ready) : Json();
  answer["before"] = hex_of(before);
  answer["after"] = hex_of(after);
  // Taking Bus Master away is the purpose there, no loss.
  answer["restored"] =
      before && after && (asked.what == "bus-master-off" || is_restored(*before, *after));
  return answer;
}

}  // namespace

bool is_restored(const PciConfig& before, const PciConfig& after) {
  if (before.command() != after.command() || before.byte(0x3c) != after.byte(0x3c)) return false;
  for (std::size_t at = 0x10; at <= 0x24; at += 4)
    if (before.dword(at) != after.dword(at)) return false;
  return true;
}

Result<Json> pci_action(const Request& request) {
  Asked asked;
  TRY_ASSIGN(asked.what, request.text("do"));
  TRY_ASSIGN(asked.method, request.text("method", ""));
  TRY_ASSIGN(const double seconds, request.number("ready_seconds", 60, 0, 600));
  asked.patience = Seconds(seconds);
  const std::vector<std::string> known{"nothing",   "bus-master-off", "reset",
                                       "hot-reset", "remove-rescan",  "d3hot"};
  if (std::ranges::find(known, asked.what) == known.end())
    return fail(Errc::invalid_input, "do: there is no action {}", asked.what);
  if (asked.what == "reset" && std::ranges::find(methods, asked.method) == std::end(methods))
    return fail(Errc::invalid_input, "method: there is no reset method {}", asked.method);
  TRY_ASSIGN(const auto words, request.texts("addresses"));
  std::vector<PciAddress> addresses;
  for (const auto& word : words) {
    TRY_ASSIGN(const PciAddress address, parse_pci_address(word));
    addresses.push_back(address);
  }
  Json functions = Json::array();
  for (const PciAddress address : addresses) functions.push_back(act_on(address, asked));
  return Json{{"do", asked.what}, {"method", asked.method}, {"functions", functions}};
}

}  // namespace quiesce::agent
