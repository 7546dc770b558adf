// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/target/serial.hpp"

#include <fcntl.h>

namespace quiesce::target {

namespace {

// A UART hands its bytes over in small pieces; console lines only get their time by it.
constexpr Seconds console_lull{0.01};
constexpr Seconds agent_lull{0.003};

}  // namespace

SerialTarget::SerialTarget(Loop& loop, Fd console, Fd agent, Listener listener)
    : console_(std::move(console)), agent_(std::move(agent)), listener_(std::move(listener)) {
  for (const int fd : {console_.get(), agent_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  console_watch_ = loop.on_readable(
      console_.get(), [this] { hear_console(); }, console_lull);
  agent_watch_ = loop.on_readable(
      agent_.get(), [this] { hear_agent(); }, agent_lull);
}

bool SerialTarget::hear_console() {
  if (ended_) return false;
  const auto bytes = read_some(console_.get());
  if (!bytes) {
    console_watch_ = {};
    ended_ = ExitStatus{};
    listener_.on_exit(*ended_);
    return false;
  }
  if (!bytes->empty()) listener_.on_console(*bytes);
  return !bytes->empty();
}

bool SerialTarget::hear_agent() {
  const auto bytes = read_some(agent_.get());
  if (!bytes) agent_watch_ = {};
  if (!bytes || bytes->empty()) return false;
  listener_.on_agent(*bytes);
  return true;
}

Result<void> SerialTarget::send_agent(std::string_view bytes) {
  return write_all(agent_.get(), bytes);
}

void SerialTarget::drain() {
  while (hear_console() || hear_agent()) {
  }
}

std::string SerialTarget::complaints() const {
  return ended_ ? "its console's line has ended" : "";
}

ExitStatus SerialTarget::end() {
  console_watch_ = {};
  agent_watch_ = {};
  if (!ended_) ended_ = ExitStatus{};
  return *ended_;
}

}  // namespace quiesce::target
