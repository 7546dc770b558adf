// SPDX-License-Identifier: GPL-2.0-or-later
// How whoever started a model talks to it while it serves: a stream socket, one JSON object a line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "devices/models/model.hpp"
#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"

namespace quiesce::models {

/// Requests: {"op": "hold"}, {"op": "release"}, {"op": "kernel", "role": "capture"}. Each is
/// answered in order, with {"ok": true, "op": ...} when it is done, or {"ok": false, "error": ...}.
/// The device says {"event": ...} unasked. The end of the channel stops the loop, and so does a
/// line that is too long: the model ends.
class Control {
 public:
  /// Longest line without its end, bytes.
  static constexpr std::size_t longest = 4096;

  Control(Loop& loop, ModelDevice& device, Fd channel);
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  ~Control();

 private:
  void hear();
  void end();
  void obey(const std::string& line);
  void say(const nlohmann::json& message);

  Loop& loop_;
  ModelDevice& device_;
  Fd channel_;
  std::string heard_;
  Loop::Watch watch_;
};

}  // namespace quiesce::models
