// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model_engine_model =
    engine_model("engine", "obeys: Bus Master, its registers, and every reset end its DMA",
                 {"control", "bus-master", "flr", "pm", "bus"},
                 [](const nlohmann::json&) { return Behaviour{}; });

const Registration register_engine_model{model_engine_model};

}  // namespace

}  // namespace quiesce::models
