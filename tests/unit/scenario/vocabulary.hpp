// SPDX-License-Identifier: GPL-2.0-or-later
// A small world for the tests of the loader.
#pragma once

#include "harness/scenario/load.hpp"

namespace quiesce::scenario::testing {

inline Vocabulary small_vocabulary() {
  using Type = ParameterSpec::Type;
  Profile nic;
  nic.name = "e1000e";
  nic.backend = "net";
  nic.qemu = {{{"driver", "e1000e"}, {"id", "@name"}, {"addr", "@addr"}, {"netdev", "@backend"}}};
  nic.modules = {"e1000e"};
  nic.driver = "e1000e";
  nic.activity = {{"kind", "net-receive"}, {"rate", 10}, {"frame", 512}};
  nic.test = {{"kind", "net-echo"}, {"frames", 20}};
  nic.writes_tagged = true;
  nic.trace = {{"e1000e_core_ctrl_sw_reset", "driver-reset", ""}};
  nic.ring = Profile::Ring{0, 0x2810, 0x2818};
  nic.reset_methods = {"pm"};
  Profile vga;
  vga.name = "vga";
  vga.qemu = {{{"driver", "VGA"}, {"id", "@name"}, {"addr", "@addr"}}};
  vga.activity = {{"kind", "console"}};
  Vocabulary vocabulary;
  vocabulary.profiles = {nic, vga};
  vocabulary.checks["capture.entered"] = {};
  vocabulary.checks["dma.stopped"] = {
      {"deadline", Type::choice, {"capture-entry", "drivers"}, "drivers", "Until when"},
      {"patience", Type::duration, {}, "1s", "Slack"},
      {"limit", Type::number, {}, nullptr, "Pages"}};
  vocabulary.checks["kernel.log"] = {{"ignore", Type::list, {}, nlohmann::json::array(), "Texts"},
                                     {"strict", Type::boolean, {}, false, "Warnings count"},
                                     {"text", Type::text, {}, "", "A text"}};
  return vocabulary;
}

/// The shortest good scenario with `more` ("\"panic\": {}") in it.
inline std::string scenario_text(const std::string& more = {}) {
  return R"({"format": 1, "production": {"kernel": "debian:6.1"})" +
         (more.empty() ? "" : ", " + more) + "}";
}

/// All diagnostics, one a line; empty when the text is good.
template <class T>
std::string complaints(const Loaded<T>& loaded) {
  if (loaded) return {};
  std::string all;
  for (const auto& diagnostic : loaded.error())
    all += (all.empty() ? "" : "\n") + diagnostic.describe();
  return all;
}

inline std::string complaints(const std::string& text,
                              const std::vector<Override>& overrides = {}) {
  return complaints(load_text(text, "s.json", small_vocabulary(), overrides));
}

}  // namespace quiesce::scenario::testing
