// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qmp.hpp"

#include <utility>

namespace quiesce::vm {

using nlohmann::json;

namespace {

constexpr std::size_t longest_line = 16U << 20;

/// The string at `key`, or empty.
std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string version_of(const json& greeting) {
  const json::json_pointer place("/QMP/version/qemu");
  if (!greeting.contains(place) || !greeting[place].is_object()) return {};
  const auto part = [&](const char* key) {
    const auto found = greeting[place].find(key);
    return found != greeting[place].end() && found->is_number_unsigned() ? found->get<unsigned>()
                                                                         : 0U;
  };
  return fmt::format("{}.{}.{}", part("major"), part("minor"), part("micro"));
}

}  // namespace

Result<std::vector<json>> QmpReader::feed(std::string_view bytes) {
  std::vector<json> messages;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (line_.size() > longest_line)
      return fail(Errc::protocol, "QEMU sent a QMP line beyond {} bytes", longest_line);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    json message = json::parse(line, nullptr, false);
    if (!message.is_object())
      return fail(Errc::protocol, "QEMU sent a QMP line that is no JSON object");
    messages.push_back(std::move(message));
  }
  return messages;
}

Qmp::Qmp(Loop& loop, Fd socket, EventHandler on_event)
    : loop_(loop), socket_(std::move(socket)), on_event_(std::move(on_event)) {
  watch_ = loop_.on_readable(socket_.get(), [this] { readable(); });
}

Result<std::unique_ptr<Qmp>> Qmp::connect(Loop& loop, Fd socket, EventHandler on_event,
                                          TimePoint deadline) {
  std::unique_ptr<Qmp> qmp(new Qmp(loop, std::move(socket), std::move(on_event)));
  const Waited waited = loop.run_until([&] { return qmp->greeting_ || qmp->closed_; }, deadline);
  if (qmp->closed_) return tl::unexpected(qmp->closed_->because("QEMU did not greet on QMP"));
  if (waited == Waited::stopped) return fail(Errc::interrupted, "interrupted while QEMU starts");
  if (!qmp->greeting_) return fail(Errc::timeout, "QEMU did not greet on QMP in time");
  qmp->version_ = version_of(*qmp->greeting_);
  TRY(qmp->call("qmp_capabilities", json::object(), deadline));
  return qmp;
}

void Qmp::readable() {
  auto bytes = read_some(socket_.get());
  if (!bytes) {
    closed_ = bytes.error();
    watch_ = {};
    return;
  }
  auto messages = reader_.feed(*bytes);
  if (!messages) {
    closed_ = messages.error();
    watch_ = {};
    return;
  }
  for (auto& message : *messages) {
    if (message.contains("QMP")) {
      greeting_ = std::move(message);
    } else if (message.contains("event")) {
      on_event_(text_at(message, "event"), message.value("data", json::object()));
    } else if (std::string id = text_at(message, "id"); !id.empty()) {
      replies_[id] = std::move(message);
    }
  }
}

Result<void> Qmp::send(const json& message) {
  if (closed_) return tl::unexpected(*closed_);
  return write_all(socket_.get(), message.dump() + "\n");
}

Result<void> Qmp::post(const std::string& command, const json& arguments) {
  return send({{"execute", command}, {"arguments", arguments}});
}

void Qmp::quit() {
  // A QEMU that is gone already is what was asked for.
  (void)send({{"execute", "quit"}});
}

Result<json> Qmp::call(const std::string& command, const json& arguments, TimePoint deadline) {
  const std::string id = fmt::format("q{}", next_id_++);
  if (auto sent = send({{"execute", command}, {"arguments", arguments}, {"id", id}}); !sent)
    return tl::unexpected(sent.error().because(fmt::format("QMP {} was not sent", command)));
  const Waited waited = loop_.run_until([&] { return closed_ || replies_.contains(id); }, deadline);
  const auto found = replies_.find(id);
  if (found == replies_.end()) {
    if (closed_)
      return tl::unexpected(closed_->because(fmt::format("QMP {} was pending", command)));
    if (waited == Waited::stopped)
      return fail(Errc::interrupted, "interrupted while QMP {} was pending", command);
    return fail(Errc::timeout, "QEMU did not answer QMP {} in time", command);
  }
  const json reply = std::move(found->second);
  replies_.erase(found);
  if (const auto error = reply.find("error"); error != reply.end() && error->is_object())
    return fail(Errc::unsupported, "QMP {}: {}: {}", command, text_at(*error, "class"),
                text_at(*error, "desc"));
  if (!reply.contains("return"))
    return fail(Errc::protocol, "QMP {}: an answer without return or error", command);
  return reply["return"];
}

Result<std::string> Qmp::monitor(const std::string& line, TimePoint deadline) {
  TRY_ASSIGN(const json text, call("human-monitor-command", {{"command-line", line}}, deadline));
  if (!text.is_string()) return fail(Errc::protocol, "human-monitor-command returned no text");
  return text.get<std::string>();
}

}  // namespace quiesce::vm
