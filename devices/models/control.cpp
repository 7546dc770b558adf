// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/control.hpp"

namespace quiesce::models {

using nlohmann::json;

Control::Control(Loop& loop, ModelDevice& device, Fd channel)
    : loop_(loop), device_(device), channel_(std::move(channel)) {
  device_.on_event([this](const json& message) { say(message); });
  watch_ = loop_.on_readable(channel_.get(), [this] { hear(); });
}

void Control::hear() {
  const auto bytes = read_some(channel_.get());
  if (!bytes || heard_.size() > longest) {
    watch_ = {};
    loop_.stop();
    return;
  }
  heard_ += *bytes;
  for (std::size_t end = 0; (end = heard_.find('\n')) != std::string::npos;) {
    const std::string line = heard_.substr(0, end);
    heard_.erase(0, end + 1);
    obey(line);
  }
}

void Control::obey(const std::string& line) {
  const json request = json::parse(line, nullptr, false);
  const std::string op = request.is_object() && request.contains("op") && request["op"].is_string()
                             ? request["op"].get<std::string>()
                             : std::string();
  if (op == "hold" || op == "release") {
    device_.hold(op == "hold");
  } else if (op == "kernel" && request.contains("role") && request["role"].is_string()) {
    device_.kernel(request["role"].get<std::string>());
  } else {
    return say({{"ok", false}, {"error", "no such request"}});
  }
  say({{"ok", true}, {"op", op}});
}

void Control::say(const json& message) {
  // Whoever does not listen any more has gone, and the end of the channel tells.
  (void)write_all(channel_.get(),
                  message.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

}  // namespace quiesce::models
