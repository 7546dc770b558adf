// SPDX-License-Identifier: GPL-2.0-or-later
// A machine that can only be reached by its serial lines: it speaks, the agent in it answers, and
// that is all.
#pragma once

#include <memory>

#include "harness/base/fd.hpp"
#include "harness/base/loop.hpp"
#include "harness/target/target.hpp"

namespace quiesce::target {

class SerialTarget final : public Target {
 public:
  /// Connected lines (terminals in raw mode, sockets, pipes); `console` is only listened to. The
  /// end of the console's line is the end of the target.
  SerialTarget(Loop& loop, Fd console, Fd agent, Listener listener);
  SerialTarget(const SerialTarget&) = delete;
  SerialTarget& operator=(const SerialTarget&) = delete;

  Capabilities capabilities() const override { return {}; }
  Identity identity() const override { return {.kind = "serial", .version = {}, .argv = {}}; }
  Result<void> run() override { return {}; }
  Result<void> send_agent(std::string_view bytes) override;
  void drain() override;
  bool connected() const override { return !ended_; }
  std::optional<ExitStatus> exit_status() override { return ended_; }
  std::string complaints() const override;
  double cpu_seconds() const override { return 0; }
  /// Nobody is there to end it: the lines are let go.
  ExitStatus end() override;

 private:
  bool hear_console();
  bool hear_agent();

  Fd console_;
  Fd agent_;
  Listener listener_;
  std::optional<ExitStatus> ended_;
  Loop::Watch console_watch_;
  Loop::Watch agent_watch_;
};

}  // namespace quiesce::target
