// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model =
    engine_model("flr-noop", "its function level reset reports success and does nothing", {"bus"},
                 [](const nlohmann::json&) {
                   return Behaviour{.obeys_bus_master = false,
                                    .obeys_control = false,
                                    .resets = {.flr = false, .pm = false, .device = true}};
                 });

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
