// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Registers and configuration space are as they were, too: that tells it from bus-only.
const Model model_flr_noop = engine_model(
    "flr-noop", "its function level reset reports success and does nothing at all", {"pm", "bus"},
    [](const nlohmann::json&) {
      return Behaviour{
          .obeys_bus_master = false, .obeys_control = false, .resets = {.flr = Effect::none}};
    });

const Registration register_flr_noop{model_flr_noop};

}  // namespace

}  // namespace quiesce::models
