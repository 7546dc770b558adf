// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model_flr_only = engine_model(
    "flr-only", "only a function level reset ends its DMA; of other resets it knows nothing",
    {"flr"}, [](const nlohmann::json&) {
      return Behaviour{.obeys_bus_master = false,
                       .obeys_control = false,
                       .resets = {.pm = Effect::none, .device = Effect::none}};
    });

const Registration register_flr_only{model_flr_only};

}  // namespace

}  // namespace quiesce::models
