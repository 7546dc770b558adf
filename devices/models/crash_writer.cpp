// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model = [] {
  Model one = engine_model("crash-writer", "writes into the crash region before the panic",
                           {"flr", "pm", "bus"},
                           [](const nlohmann::json&) { return Behaviour{.most_items = 8}; });
  one.activity["target"] = "crash-region";
  return one;
}();

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
