// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/engine.hpp"

namespace quiesce::models {

namespace {

/// Where it aims is the activity's: purgatory refuses only when a digested byte was hit.
const Model model = [] {
  Model one =
      engine_model("crash-writer", "writes a page of the crash region before the panic, then stops",
                   {"control", "bus-master", "flr", "pm", "bus"},
                   [](const nlohmann::json&) { return Behaviour{.most_items = 8}; });
  one.activity["target"] = "crash-region";
  return one;
}();

const Registration registration{model};

}  // namespace

}  // namespace quiesce::models
