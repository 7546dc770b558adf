// SPDX-License-Identifier: GPL-2.0-or-later
// Scenarios, profiles, overrides and plans from hostile text. The first line may hold a --set
// argument.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "harness/scenario/load.hpp"
#include "harness/scenario/plan.hpp"

using namespace quiesce::scenario;

namespace {

const Vocabulary& vocabulary() {
  static const Vocabulary all = [] {
    using Type = ParameterSpec::Type;
    Profile nic;
    nic.name = "e1000e";
    nic.backend = "net";
    nic.activity = {{"kind", "net-receive"}, {"rate", 10}, {"frame", 512}};
    Profile vga;
    vga.name = "vga";
    Vocabulary made;
    made.profiles = {nic, vga};
    made.checks["dma.stopped"] = {
        {"deadline", Type::choice, {"capture-entry", "drivers"}, "drivers", ""}};
    made.checks["kernel.log"] = {{"ignore", Type::list, {}, nlohmann::json::array(), ""}};
    return made;
  }();
  return all;
}

/// What was accepted must survive a way through its plan's JSON.
void check_round_trip(const Scenario& scenario) {
  RunPlan plan;
  plan.scenario = scenario;
  auto devices = place_devices(scenario, vocabulary().profiles);
  if (!devices) std::abort();
  plan.devices = std::move(*devices);
  const nlohmann::json written = to_json(plan);
  const auto read = plan_from_json(nlohmann::json::parse(written.dump()));
  if (!read || to_json(*read) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  std::vector<Override> overrides;
  if (const std::size_t line = text.find('\n'); !text.starts_with('{') && line != text.npos) {
    overrides.emplace_back(text.substr(0, line));
    text.erase(0, line + 1);
  }
  if (const auto loaded = load_text(text, "fuzz.json", vocabulary(), overrides))
    for (const auto& scenario : *loaded) check_round_trip(scenario);
  else if (loaded.error().empty())
    std::abort();
  else
    for (const auto& diagnostic : loaded.error()) (void)diagnostic.describe();
  (void)load_profile_text(text, "fuzz.json");
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_discarded()) (void)plan_from_json(json);
  return 0;
}
