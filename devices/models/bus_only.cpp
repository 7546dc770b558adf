// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model = engine_model(
    "bus-only",
    "only a secondary bus reset ends its DMA; it offers a function level reset all the same",
    {"bus"}, [](const nlohmann::json&) {
      return Behaviour{.obeys_bus_master = false,
                       .obeys_control = false,
                       .resets = {.flr = false, .pm = false, .device = true}};
    });

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
