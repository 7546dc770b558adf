// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class IntxStuck final : public Engine {
 public:
  IntxStuck(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {.obeys_control = false, .writes = false}) {}

 protected:
  void started() override {
    set_pin(true);
    note("interrupt", {{"kind", "intx"}, {"vector", 0}, {"count", 1}});
  }
  void acknowledged() override {}
};

const Model model{
    .name = "intx-stuck",
    .description = "asserts its interrupt pin and never lets go, whatever is acknowledged",
    .settings = common_settings({}),
    .stops_on = {"flr", "pm", "bus"},
    .activity = {{"kind", "model-run"}, {"rate", 20}, {"item", 512}, {"length", 16384}},
    .make = [](const Identity& identity, const nlohmann::json& given,
               Ledger& ledger) -> std::unique_ptr<ModelDevice> {
      return std::make_unique<IntxStuck>(identity, given, ledger);
    }};

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
