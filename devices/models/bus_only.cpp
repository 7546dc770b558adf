// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Like a device whose resets reach the registers and not the engine behind them: what a driver
/// reads afterwards looks like success.
const Model model_bus_only = engine_model(
    "bus-only",
    "only a secondary bus reset ends its DMA; the function's own resets clear its registers, and "
    "it writes on",
    {"bus"}, [](const nlohmann::json&) {
      return Behaviour{.obeys_bus_master = false,
                       .obeys_control = false,
                       .resets = {.flr = Effect::registers, .pm = Effect::registers}};
    });

const Registration register_bus_only{model_bus_only};

}  // namespace

}  // namespace quiesce::models
