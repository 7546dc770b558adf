// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// QEMU's root port has no Configuration RRS Software Visibility (PCIe 6.0 section 2.3.1): a
/// request that is to be retried ends as all ones, for the kernel as on such hardware.
const Model model_slow_ready = engine_model(
    "slow-ready", "once it was run it does not answer for a while after each reset",
    {"control", "bus-master", "flr", "pm", "bus"},
    [](const nlohmann::json& settings) {
      return Behaviour{.ready_ms = settings.value("ready_ms", 1500.0),
                       .unready_hides_config = settings.value("mode", "config") == "config"};
    },
    {{.name = "ready_ms",
      .fallback = 1500,
      .meaning = "how long it does not answer, ms",
      .least = 0,
      .most = 600'000},
     {.name = "mode",
      .fallback = "config",
      .meaning = "\"config\": configuration reads are all ones meanwhile; \"registers\": only "
                 "its registers",
      .words = {"config", "registers"}}});

const Registration register_slow_ready{model_slow_ready};

}  // namespace

}  // namespace quiesce::models
