// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// By default not before the handover: a production kernel that gives the line up would take the
/// real device on it out of work before the panic.
class IntxStuck final : public Engine {
 public:
  IntxStuck(const Identity& identity, const nlohmann::json& settings, Ledger& ledger)
      : Engine(identity, settings, ledger, {}) {}

 protected:
  void begins() override {
    stuck_ = true;
    raise_pin();
  }
  void ended() override { stuck_ = false; }
  void acknowledged() override {
    if (!stuck_) Engine::acknowledged();
  }

 private:
  bool stuck_ = false;
};

const Model model_intx_stuck =
    model_of<IntxStuck>("intx-stuck",
                        "asserts its interrupt pin and keeps it so, whatever is acknowledged, "
                        "until it is reset",
                        {"control", "bus-master", "flr", "pm", "bus"}, {begins_setting()});

const Registration register_intx_stuck{model_intx_stuck};

}  // namespace

}  // namespace quiesce::models
