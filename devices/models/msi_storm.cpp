// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>

#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class MsiStorm final : public Engine {
 public:
  MsiStorm(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger,
               {.obeys_bus_master = false, .obeys_control = false, .writes = false}) {}

 protected:
  void started() override { begin_ticking(std::max(1.0, settings().value("per_second", 1000.0))); }
  void tick() override { raise("storm"); }
};

const Model model{.name = "msi-storm",
                  .description = "raises MSI without end, acknowledged or not",
                  .settings = common_settings({{"per_second", 1000, "interrupts a second"}}),
                  .stops_on = {"flr", "pm", "bus"},
                  .activity = {{"kind", "model-run"},
                               {"rate", 20},
                               {"item", 512},
                               {"length", 16384},
                               {"interrupt", true}},
                  .make = [](const Identity& identity, const nlohmann::json& given,
                             Ledger& ledger) -> std::unique_ptr<ModelDevice> {
                    return std::make_unique<MsiStorm>(identity, given, ledger);
                  }};

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
