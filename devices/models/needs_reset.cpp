// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model = engine_model(
    "needs-reset", "refuses to be set up from a used state: only a reset helps",
    {"flr", "pm", "bus"}, [](const nlohmann::json&) { return Behaviour{.needs_reset = true}; });

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
