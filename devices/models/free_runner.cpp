// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model_free_runner = engine_model(
    "free-runner",
    "writes on with Bus Master cleared and whatever its registers say, until it is reset",
    {"flr", "pm", "bus"}, [](const nlohmann::json&) {
      return Behaviour{.obeys_bus_master = false, .obeys_control = false};
    });

const Registration register_free_runner{model_free_runner};

}  // namespace

}  // namespace quiesce::models
