// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/servers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "harness/base/fd.hpp"
#include "harness/base/process.hpp"
#include "harness/base/temp_dir.hpp"
#include "harness/base/text.hpp"
#include "harness/base/unix_socket.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/ledger.hpp"

namespace quiesce::run {

using nlohmann::json;
using scenario::PlannedDevice;

namespace {

// Numbers of the descriptors in a server.
constexpr int listener_fd = 10;
constexpr int ledger_fd = 11;
constexpr int control_fd = 12;

constexpr Seconds start_patience{10};
constexpr Seconds stop_patience{2};

bool mentions(const std::vector<std::string>& words, const char* word) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

struct DeviceServers::Server {
  std::string device;
  std::optional<Process> process;
  std::optional<Fd> control;
  Fd ledger;
  std::string heard;  ///< of the control channel, up to the next line's end
  bool answered = true;
  Loop::Watch control_watch;
  Loop::Watch exit_watch;
};

struct DeviceServers::Parts {
  Loop& loop;
  RunDir& dir;
  OnEvent on_event;
  vm::ServerSockets sockets;
  std::vector<std::unique_ptr<Server>> servers;
  std::optional<TempDir> folder;  ///< for servers that make their socket themselves

  Result<void> start(const PlannedDevice& device, const scenario::RunPlan& plan);
  Result<std::string> own_path(const std::string& device);
  Result<void> wait_for_file(const std::string& path, Server& server);
  void listen(Server& server);
  void hear(Server& server);
  void take_line(Server& server, const std::string& line);
  void ended(Server& server);
};

DeviceServers::DeviceServers(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

DeviceServers::~DeviceServers() {
  stop();
}

const vm::ServerSockets& DeviceServers::sockets() const {
  return parts_->sockets;
}

Result<std::unique_ptr<DeviceServers>> DeviceServers::start(Loop& loop, RunDir& dir,
                                                            const scenario::RunPlan& plan,
                                                            OnEvent on_event) {
  std::unique_ptr<DeviceServers> servers(new DeviceServers(
      std::unique_ptr<Parts>(new Parts{loop, dir, std::move(on_event), {}, {}, {}})));
  for (const auto& device : plan.devices) {
    if (!device.server) continue;
    if (device.server->command.empty())
      servers->parts_->sockets[device.name] = {{"type", "unix"}, {"path", device.server->socket}};
    else
      TRY(servers->parts_->start(device, plan));
  }
  return servers;
}

Result<std::string> DeviceServers::Parts::own_path(const std::string& device) {
  if (!folder) {
    TRY_ASSIGN(folder, TempDir::create("quiesce-servers-"));
  }
  return (folder->path() / (device + ".sock")).string();
}

Result<void> DeviceServers::Parts::start(const PlannedDevice& device,
                                         const scenario::RunPlan& plan) {
  const auto& command = device.server->command;
  const std::string file = record::ledger_file(device.name);
  TRY_ASSIGN(Fd ledger, open_file(dir.path() / file, O_RDWR | O_CREAT | O_APPEND));
  TRY_ASSIGN(const Fd log, open_file(dir.path() / record::server_log_file(device.name),
                                     O_WRONLY | O_CREAT | O_APPEND));
  ProcessOptions options{.argv = command,
                         .inherit = {{ledger_fd, ledger.get()}},
                         .output = log.get(),
                         .error = log.get(),
                         .set_environment = {}};
  std::map<std::string, std::string> words{
      {"@name", device.name},
      {"@seed", std::to_string(plan.scenario.seed)},
      {"@settings", device.settings.dump()},
      {"@ledger", std::to_string(ledger_fd)},
      {"@control", std::to_string(control_fd)},
      {"@listener", std::to_string(listener_fd)},
  };
  auto server =
      std::make_unique<Server>(Server{.device = device.name, .ledger = std::move(ledger)});
  TRY_ASSIGN(SocketPair control, socket_pair());
  if (mentions(command, "@control")) {
    options.inherit[control_fd] = control.theirs.get();
    server->control = std::move(control.mine);
  }
  std::optional<Fd> listener;
  TRY_ASSIGN(const std::string path, own_path(device.name));
  words["@socket"] = path;
  sockets[device.name] = {{"type", "unix"}, {"path", path}};
  const bool listens = !mentions(command, "@listener");
  if (!listens) {
    TRY_ASSIGN(listener, listen_unix(path));
    options.inherit[listener_fd] = listener->get();
  }
  for (auto& word : options.argv)
    if (const auto found = words.find(word); found != words.end()) word = found->second;

  auto process = Process::start(options);
  if (!process)
    return tl::unexpected(
        process.error().because(fmt::format("the server of device {}", device.name)));
  server->process = std::move(*process);
  dir.event(record::event::DeviceServer{.device = device.name,
                                        .what = "started",
                                        .pid = server->process->pid(),
                                        .argv = options.argv});
  Server& started = *servers.emplace_back(std::move(server));
  listen(started);
  return listens ? wait_for_file(path, started) : Result<void>();
}

Result<void> DeviceServers::Parts::wait_for_file(const std::string& path, Server& server) {
  const auto looker = loop.every(Seconds(0.02), [] {});
  const auto there = [&] {
    return ::access(path.c_str(), F_OK) == 0 || server.process->poll().has_value();
  };
  const Waited waited = loop.run_until(there, loop.now() + start_patience);
  if (waited == Waited::stopped) return fail(Errc::interrupted, "interrupted");
  if (const auto status = server.process->poll())
    return fail(Errc::closed, "the server of device {} ended with {} at its start; see {}",
                server.device, status->describe(), record::server_log_file(server.device));
  if (waited == Waited::done) return {};
  return fail(Errc::timeout, "the server of device {} made no socket at {} within {}",
              server.device, path, format_duration(start_patience));
}

void DeviceServers::Parts::listen(Server& server) {
  server.exit_watch = loop.on_readable(server.process->pidfd(), [this, &server] { ended(server); });
  if (server.control)
    server.control_watch =
        loop.on_readable(server.control->get(), [this, &server] { hear(server); });
}

void DeviceServers::Parts::ended(Server& server) {
  const auto status = server.process->poll();
  if (!status) return;
  server.exit_watch = {};
  server.answered = true;
  dir.event(record::event::DeviceServer{
      .device = server.device, .what = "exited", .status = status->describe()});
}

void DeviceServers::Parts::hear(Server& server) {
  const auto bytes = read_some(server.control->get());
  if (!bytes || server.heard.size() > 65536) {
    dir.event(record::event::DeviceServer{.device = server.device, .what = "hung-up"});
    server.control_watch = {};
    server.control.reset();
    server.answered = true;
    return;
  }
  server.heard += *bytes;
  for (std::size_t end = 0; (end = server.heard.find('\n')) != std::string::npos;) {
    const std::string line = server.heard.substr(0, end);
    server.heard.erase(0, end + 1);
    take_line(server, line);
  }
}

void DeviceServers::Parts::take_line(Server& server, const std::string& line) {
  const json message = json::parse(line, nullptr, false);
  if (!message.is_object()) return;
  if (message.contains("ok")) {
    server.answered = true;
    if (message["ok"] != json(true))
      dir.event(record::event::DeviceServer{
          .device = server.device, .what = "refused", .answer = message});
  }
  if (message.contains("event") && on_event) on_event(server.device, message);
}

void DeviceServers::tell(const json& message, TimePoint deadline) {
  const std::string line = message.dump() + "\n";
  for (auto& server : parts_->servers) {
    if (!server->control) continue;
    server->answered = !write_all(server->control->get(), line).has_value();
  }
  const auto all = [&] {
    for (const auto& server : parts_->servers)
      if (!server->answered) return false;
    return true;
  };
  if (all() || parts_->loop.run_until(all, deadline) == Waited::stopped) return;
  for (auto& server : parts_->servers) {
    if (server->answered) continue;
    parts_->dir.event(
        record::event::DeviceServer{.device = server->device, .what = "silent", .asked = message});
    server->control_watch = {};
    server->control.reset();
    server->answered = true;
  }
}

void DeviceServers::hold(TimePoint deadline) {
  tell({{"op", "hold"}}, deadline);
}

void DeviceServers::release(TimePoint deadline) {
  tell({{"op", "release"}}, deadline);
}

void DeviceServers::kernel(const std::string& role) {
  tell({{"op", "kernel"}, {"role", role}}, parts_->loop.now() + stop_patience);
}

std::uint64_t DeviceServers::ledger_writes(const std::string& device) const {
  for (const auto& server : parts_->servers) {
    if (server->device != device) continue;
    const auto text = read_file(fmt::format("/proc/self/fd/{}", server->ledger.get()));
    if (!text) return 0;
    const std::string write = fmt::format("\"{}\"", record::ledger::Write::name);
    std::uint64_t writes = 0;
    for (std::size_t at = 0; (at = text->find(write, at)) != std::string::npos; ++at) ++writes;
    return writes;
  }
  return 0;
}

void DeviceServers::connected() {
  parts_->folder.reset();
}

void DeviceServers::stop() {
  for (auto& server : parts_->servers) {
    server->exit_watch = {};
    server->control_watch = {};
    // End of file on its control channel is what ends a server of ours.
    const bool polite = server->control.has_value();
    server->control.reset();
    if (polite) server->process->wait(stop_patience);
    server->process->stop(stop_patience);
  }
  parts_->servers.clear();
  parts_->folder.reset();
}

}  // namespace quiesce::run
