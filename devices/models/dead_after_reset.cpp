// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model_dead_after_reset =
    engine_model("dead-after-reset", "answers with all ones for ever once it was run and reset",
                 {"control", "bus-master", "flr", "pm", "bus"},
                 [](const nlohmann::json&) { return Behaviour{.dead_after_reset = true}; });

const Registration register_dead_after_reset{model_dead_after_reset};

}  // namespace

}  // namespace quiesce::models
