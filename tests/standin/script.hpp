// SPDX-License-Identifier: GPL-2.0-or-later
// What the stand-in for QEMU is told to do wrong. See README.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace quiesce::standin {

class Script {
 public:
  /// The file that QUIESCE_FAKE_QEMU names; an empty script without it.
  static Script load();

  /// What the script says for `point`: the action of its first rule that has turns left, or empty.
  std::string action_at(const std::string& point);
  /// The text of the rule that acted last.
  const std::string& text() const { return text_; }
  int exit_code() const { return exit_code_; }

  /// What it greets with when it is asked what it can do.
  std::string version() const;
  /// Whether the script's "lacks" holds `word`: a device type, or a QMP command.
  bool lacks(const std::string& word) const;
  /// A line of the log that the script names; it stays when we are killed.
  void note(const std::string& line) const;

 private:
  explicit Script(nlohmann::json json) : json_(std::move(json)) {}
  nlohmann::json json_;
  std::string text_;
  int exit_code_ = 1;
};

}  // namespace quiesce::standin
