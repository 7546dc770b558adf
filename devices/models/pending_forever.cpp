// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class PendingForever final : public Engine {
 public:
  PendingForever(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void touched() override {
    if (pending_) host().config().set_transactions_pending(true);
  }
  void started() override {
    pending_ = true;
    touched();
    Engine::started();
  }

 private:
  bool pending_ = false;
};

const Model model{
    .name = "pending-forever",
    .description = "has a transaction pending for ever, resets or not",
    .settings = common_settings({}),
    .stops_on = {"flr", "pm", "bus"},
    .activity = {{"kind", "model-run"}, {"rate", 20}, {"item", 512}, {"length", 16384}},
    .make = [](const Identity& identity, const nlohmann::json& given,
               Ledger& ledger) -> std::unique_ptr<ModelDevice> {
      return std::make_unique<PendingForever>(identity, given, ledger);
    }};

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
