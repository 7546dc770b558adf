// SPDX-License-Identifier: GPL-2.0-or-later
// What a reference model is: a named device that misbehaves in one way. One file each, which puts
// itself on the list.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "devices/models/ledger.hpp"
#include "devices/vfio_user/device.hpp"

namespace quiesce::models {

/// One setting of a model ("--set ready_ms=1500", or "settings" of a scenario's device).
struct Setting {
  std::string name;
  nlohmann::json fallback;  ///< a number, bool or text; its type is the setting's
  std::string meaning;      ///< with its unit
  /// Of a number.
  double least = std::numeric_limits<double>::lowest();
  double most = std::numeric_limits<double>::max();
  std::vector<std::string> words = {};  ///< of a text: what it may be; empty: anything
};

/// Who the model is in this run.
struct Identity {
  std::string name = "model";  ///< the device's name in the scenario; its tags carry it
  std::uint32_t seed = 1;      ///< of the run
};

/// A device that can be told to hold its breath: while the machine is stopped nothing may change.
class ModelDevice : public vfio_user::Device {
 public:
  /// No write and no interrupt from when this returns until `false`. Requests are still served.
  virtual void hold(bool held) = 0;
  /// Which kernel runs from now on: "production", as at the start, or "capture".
  virtual void kernel(const std::string& role) = 0;
  /// Where to say {"event": ...} to whoever started it.
  virtual void on_event(std::function<void(const nlohmann::json&)> send) = 0;
};

struct Model {
  std::string name;         ///< "flr-noop": [a-z][a-z0-9-]{0,19}
  std::string description;  ///< one sentence: what it does that it must not
  std::vector<Setting> settings;
  /// What ends its DMA, of: "control" (its register), "bus-master", and the kernel's words for
  /// resets, "flr", "pm", "bus". For docs and tests: a test holds each model against it.
  std::vector<std::string> stops_on;
  /// How the agent arms it: parameters of activity "model-run" (docs/agent-protocol.md).
  nlohmann::json activity = nlohmann::json::object();
  /// `settings` has all of them, defaults filled in.
  std::function<std::unique_ptr<ModelDevice>(const Identity&, const nlohmann::json& settings,
                                             Ledger&)>
      make;
};

/// All models, by name (the library is linked whole).
const std::vector<const Model*>& registry();
const Model* find(const std::string& name);
/// Put one static Registration into each model's file. It keeps the address.
struct Registration {
  explicit Registration(const Model& model);
  explicit Registration(Model&&) = delete;
  explicit Registration(const Model&&) = delete;
};

/// Settings as given ("name=value" or JSON) over the defaults. invalid_input names an unknown
/// setting with the nearest known one, or a value of the wrong type or out of range.
Result<nlohmann::json> fill_settings(const Model& model, const nlohmann::json& given);

}  // namespace quiesce::models
