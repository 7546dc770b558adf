// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

class PendingForever final : public Engine {
 public:
  PendingForever(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void started() override {
    pending_ = true;
    touched();
  }
  /// A reset clears the configuration space after this device was asked: so before each read.
  void touched() override {
    if (pending_) host().config().set_transactions_pending(true);
  }

 private:
  bool pending_ = false;
};

const Model model_pending_forever = model_of<PendingForever>(
    "pending-forever", "once it was run it has a transaction pending for ever, resets or not",
    {"control", "bus-master", "flr", "pm", "bus"});

const Registration register_pending_forever{model_pending_forever};

}  // namespace

}  // namespace quiesce::models
