// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Halting it is not enough, and its own soft reset is refused: what reset_devices is for. Each run
/// makes it used, also one of the capture kernel.
const Model model_needs_reset = engine_model(
    "needs-reset", "once it was run it refuses to be set up again until the function was reset",
    {"control", "bus-master", "flr", "pm", "bus"},
    [](const nlohmann::json&) { return Behaviour{.needs_reset = true}; });

const Registration register_needs_reset{model_needs_reset};

}  // namespace

}  // namespace quiesce::models
