// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Its first page is digested: purgatory refuses. Elsewhere in the crash region it need not.
const Model model_crash_writer = [] {
  Model one = engine_model("crash-writer",
                           "writes over the loaded capture kernel before the panic, then stops",
                           {"control", "bus-master", "flr", "pm", "bus"},
                           [](const nlohmann::json&) { return Behaviour{.most_items = 8}; });
  one.activity["target"] = "capture-kernel";
  return one;
}();

const Registration register_crash_writer{model_crash_writer};

}  // namespace

}  // namespace quiesce::models
