// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

const Model model_elfcorehdr_writer = [] {
  Model one = engine_model("elfcorehdr-writer",
                           "writes once over the ELF core header before the panic, then stops",
                           {"control", "bus-master", "flr", "pm", "bus"},
                           [](const nlohmann::json&) { return Behaviour{.most_items = 1}; });
  one.activity["target"] = "elfcorehdr";
  return one;
}();

const Registration register_elfcorehdr_writer{model_elfcorehdr_writer};

}  // namespace

}  // namespace quiesce::models
