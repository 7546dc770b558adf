// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <random>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class LateWriter final : public Engine {
 public:
  LateWriter(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {.obeys_bus_master = false, .obeys_control = false}) {}

 protected:
  void started() override {
    const double earliest = settings().value("earliest_ms", 8000.0);
    const double latest = settings().value("latest_ms", 20000.0);
    std::mt19937 random(identity().seed);
    const double part = static_cast<double>(random()) / 4294967295.0;
    begin_ticking(1000 / std::max(1.0, earliest + (latest - earliest) * part));
  }
  void tick() override {
    if (write_item()) stop("done");
  }
};

const Model model{
    .name = "late-writer",
    .description = "writes once, at a time drawn from the seed, long after it was told to",
    .settings = common_settings({{"earliest_ms", 8000, "not before, ms after it was told to run"},
                                 {"latest_ms", 20000, "not after, ms"}}),
    .stops_on = {"flr", "pm", "bus"},
    .activity = {{"kind", "model-run"}, {"rate", 20}, {"item", 512}, {"length", 16384}},
    .make = [](const Identity& identity, const nlohmann::json& given,
               Ledger& ledger) -> std::unique_ptr<ModelDevice> {
      return std::make_unique<LateWriter>(identity, given, ledger);
    }};

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
