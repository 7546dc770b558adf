// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model = engine_model(
    "slow-ready", "does not answer for a while after each reset", {"flr", "pm", "bus"},
    [](const nlohmann::json& settings) {
      return Behaviour{.ready_ms = settings.value("ready_ms", 1500.0),
                       .unready_hides_config = settings.value("mode", "config") == "config"};
    },
    {{"ready_ms", 1500, "how long it does not answer, ms"},
     {"mode", "config",
      "\"config\": configuration reads are all ones meanwhile; \"registers\": only its "
      "registers"}});

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
