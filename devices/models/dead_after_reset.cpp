// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model =
    engine_model("dead-after-reset", "answers with all ones for ever once it was run and reset",
                 {"control", "bus-master", "flr", "pm", "bus"},
                 [](const nlohmann::json&) { return Behaviour{.dead_after_reset = true}; });

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
