// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace quiesce::run {

/// Cuts the console's bytes into lines. A line without an end is given out by flush().
class SerialLog {
 public:
  using Sink = std::function<void(const std::string& line)>;
  explicit SerialLog(Sink sink) : sink_(std::move(sink)) {}

  void feed(std::string_view bytes);
  void flush();
  /// Bytes so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  Sink sink_;
  std::string line_;
  std::uint64_t bytes_ = 0;
};

/// What a console line says about where the guest is: "kernel-start", "panic", "init-killed",
/// "sysrq-help", or empty. Sources: init/main.c (linux_banner), kernel/panic.c, kernel/exit.c,
/// drivers/tty/sysrq.c.
std::string landmark(std::string_view line);

}  // namespace quiesce::run
