// SPDX-License-Identifier: GPL-2.0-or-later
// What was heard of the machine so far: its console, its agent, its frames, its own events.
// Callbacks only note; who waits looks here.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/run/agent_link.hpp"
#include "harness/run/recorder.hpp"
#include "harness/run/serial_log.hpp"
#include "harness/target/target.hpp"

namespace quiesce::run {

class Hearing {
 public:
  /// `seed`: what the run's tags hold.
  Hearing(Loop& loop, Recorder& recorder, std::uint32_t seed, AgentLink::Send send_agent);
  Hearing(const Hearing&) = delete;
  Hearing& operator=(const Hearing&) = delete;

  /// For the target; valid as long as this.
  target::Listener listener();

  /// Which kernel's console and agent it is now: "production" or "capture".
  const std::string& role() const { return role_; }
  /// From here on it is the capture kernel that is heard.
  void next_kernel();

  /// Whether the console said it (serial_log.hpp), or the agent got a key ("key-received"), since
  /// the kernel began or it was forgotten.
  bool heard(const std::string& landmark) const { return landmarks_.contains(landmark); }
  void forget(const std::string& landmark) { landmarks_.erase(landmark); }

  AgentLink& agent() { return agent_; }
  const AgentLink& agent() const { return agent_; }

  /// Why the guest is down, once it is.
  const std::optional<std::string>& guest_down() const { return guest_down_; }
  /// How the target ended, once it has.
  const std::optional<ExitStatus>& target_exit() const { return target_exit_; }

  /// When something was heard last that shows that the guest goes on.
  TimePoint last_progress() const { return last_progress_; }
  /// Silence up to now is no lack of progress.
  void forgive_silence();
  /// A console line without an end counts as one.
  void flush() { serial_.flush(); }

 private:
  void on_serial_line(const std::string& line);
  void on_target_event(const std::string& name, const nlohmann::json& data);
  void on_agent_message(const char* kind, std::uint32_t sequence, const nlohmann::json& payload);
  void on_frame(const std::string& device, std::string_view frame);

  Loop& loop_;
  Recorder& recorder_;
  std::uint32_t seed_;
  AgentLink agent_;
  SerialLog serial_;
  std::string role_ = "production";
  std::map<std::string, double> landmarks_;  // name -> time
  TimePoint last_progress_;
  std::optional<std::string> guest_down_;
  std::optional<ExitStatus> target_exit_;
};

}  // namespace quiesce::run
