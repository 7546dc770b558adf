// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/models/control.hpp"

namespace quiesce::models {

using nlohmann::json;

namespace {

std::string text_of(const json& request, const char* key) {
  const auto found = request.find(key);
  return found != request.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Control::Control(Loop& loop, ModelDevice& device, Fd channel)
    : loop_(loop), device_(device), channel_(std::move(channel)) {
  device_.on_event([this](const json& message) { say(message); });
  watch_ = loop_.on_readable(channel_.get(), [this] { hear(); });
}

Control::~Control() {
  device_.on_event({});
}

void Control::hear() {
  const auto bytes = read_some(channel_.get(), longest + 1);
  if (!bytes) return end();
  heard_ += *bytes;
  for (std::size_t at = 0; (at = heard_.find('\n')) != std::string::npos;) {
    const std::string line = heard_.substr(0, at);
    heard_.erase(0, at + 1);
    if (line.size() > longest) return end();
    obey(line);
  }
  if (heard_.size() > longest) end();
}

void Control::end() {
  watch_ = {};
  loop_.stop();
}

void Control::obey(const std::string& line) {
  const json request = json::parse(line, nullptr, false);
  const std::string op = request.is_object() ? text_of(request, "op") : std::string();
  if (op == "hold" || op == "release") {
    device_.hold(op == "hold");
  } else if (op == "kernel") {
    const std::string role = text_of(request, "role");
    if (role != "production" && role != "capture")
      return say({{"ok", false}, {"op", op}, {"error", "role is production or capture"}});
    device_.kernel(role);
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
