// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/machine.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "harness/base/text.hpp"

namespace quiesce::vm {

using nlohmann::json;

namespace {

/// How QEMU is brought to its end, one rung after the other.
struct Rung {
  enum class How { qmp_quit, terminate } how;
  Seconds patience;
};
constexpr std::array<Rung, 2> ladder{
    {{Rung::How::qmp_quit, Seconds(3)}, {Rung::How::terminate, Seconds(2)}}};

// QEMU hands a serial port's output over byte by byte: without a lull the harness spends more time
// on waking up than on all its work (measured). Somebody waits for what the agent says; console
// lines only get their time by it. Of the agent's socket about 250 bytes fill it, since each is a
// buffer of its own (net/unix/af_unix.c): a lull of 3 ms let 80 KB/s through.
constexpr Seconds serial_lull{0.001};
constexpr Seconds console_lull{0.01};

constexpr std::size_t longest_frame = 70'000;

/// Sends what the socket takes now and leaves the rest in `bytes`.
Result<void> send_some(int fd, std::string& bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {};
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
      return fail(Errc::closed, "QEMU closed the connection");
    if (sent < 0) return fail_errno("cannot send a frame");
    bytes.erase(0, static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

/// One of our ends of QEMU's sockets.
struct Machine::Channel {
  Fd socket;
  std::function<bool()> read;  ///< takes a piece of what came; false when nothing did
  Loop::Watch watch;
  std::string unsent;  ///< the rest of a frame of which QEMU took the first part only
};

/// QEMU's stream netdev puts a 4-byte big-endian length before each frame.
struct Machine::NetFramer {
  std::string buffer;

  /// Whole frames out of the stream; a length that cannot be drops what there is.
  std::vector<std::string> feed(std::string_view bytes) {
    std::vector<std::string> frames;
    buffer += bytes;
    while (buffer.size() >= 4) {
      std::uint32_t length = 0;
      for (std::size_t i = 0; i < 4; ++i)
        length = length << 8 | static_cast<unsigned char>(buffer[i]);
      if (length > longest_frame) {
        buffer.clear();
        break;
      }
      if (buffer.size() < 4 + length) break;
      frames.push_back(buffer.substr(4, length));
      buffer.erase(0, 4 + length);
    }
    return frames;
  }
};

Machine::Machine(Loop& loop, target::Listener listener, Fd ram, Fd screen, Bytes ram_size)
    : loop_(loop),
      listener_(std::move(listener)),
      ram_(std::move(ram)),
      screen_(std::move(screen)),
      ram_size_(ram_size) {}

Machine::~Machine() {
  stop();
}

Result<std::unique_ptr<Machine>> Machine::launch(Loop& loop, const scenario::RunPlan& plan,
                                                 const std::filesystem::path& run_dir,
                                                 const std::map<std::string, int>& disks,
                                                 const ServerSockets& sockets,
                                                 target::Listener listener, TimePoint deadline) {
  const ChildFds numbers;
  const CommandLine line = command_line(plan, run_dir, sockets, numbers);
  const Bytes ram_size = plan.scenario.machine.memory;
  TRY_ASSIGN(Fd ram, memory_file("quiesce-ram", ram_size.value));
  TRY_ASSIGN(Fd screen, memory_file("quiesce-screen", 0));
  std::unique_ptr<Machine> machine(
      new Machine(loop, std::move(listener), std::move(ram), std::move(screen), ram_size));
  machine->argv_ = line.argv;
  machine->log_path_ = run_dir / "qemu.log";
  TRY_ASSIGN(const Fd log, open_file(machine->log_path_, O_WRONLY | O_CREAT | O_APPEND));

  ProcessOptions options{.argv = line.argv,
                         .inherit = {},
                         .output = log.get(),
                         .error = log.get(),
                         .set_environment = {}};
  options.inherit[numbers.ram] = machine->ram_.get();
  options.inherit[numbers.screen] = machine->screen_.get();
  std::vector<Fd> theirs;
  const auto open_pair = [&](int number) -> Result<Fd> {
    TRY_ASSIGN(SocketPair pair, socket_pair());
    options.inherit[number] = pair.theirs.get();
    theirs.push_back(std::move(pair.theirs));
    return std::move(pair.mine);
  };
  TRY_ASSIGN(Fd qmp, open_pair(numbers.qmp));
  TRY_ASSIGN(Fd gdb, open_pair(numbers.gdb));
  TRY_ASSIGN(Fd qtest, open_pair(numbers.qtest));
  TRY_ASSIGN(Pipe console, make_pipe());
  TRY(make_nonblocking(console.read));
  options.inherit[numbers.console] = console.write.get();
  theirs.push_back(std::move(console.write));
  TRY_ASSIGN(Fd agent, open_pair(numbers.agent));
  machine->add_channel(
      "console", std::move(console.read),
      [self = machine.get()](std::string_view bytes) { self->listener_.on_console(bytes); });
  machine->add_channel("agent", std::move(agent), [self = machine.get()](std::string_view bytes) {
    self->listener_.on_agent(bytes);
  });
  for (const auto& [device, number] : line.backends) {
    if (const auto disk = disks.find(device); disk != disks.end()) {
      options.inherit[number] = disk->second;
      continue;
    }
    TRY_ASSIGN(Fd net, open_pair(number));
    machine->add_net(device, std::move(net));
  }

  TRY_ASSIGN(machine->process_, Process::start(options));
  theirs.clear();
  machine->exit_watch_ =
      loop.on_readable(machine->process_->pidfd(), [self = machine.get()] { self->on_exit(); });
  TRY(machine->connect(std::move(qmp), std::move(gdb), std::move(qtest), deadline));
  return machine;
}

Result<void> Machine::connect(Fd qmp, Fd gdb, Fd qtest, TimePoint deadline) {
  const auto explain = [&](const Error& error) -> tl::unexpected<Error> {
    const bool gone = error.code() == Errc::closed;
    const auto status = gone ? process_->wait(Seconds(1)) : std::nullopt;
    if (!status) return tl::unexpected(error.because("QEMU started but does not answer"));
    return fail(Errc::closed, "QEMU ended at its start with {}: {}", status->describe(),
                error_output());
  };
  auto client = Qmp::connect(
      loop_, std::move(qmp),
      [this](const std::string& name, const json& data) { listener_.on_event(name, data); },
      deadline);
  if (!client) return explain(client.error());
  qmp_ = std::move(*client);
  auto stub = Gdb::connect(loop_, std::move(gdb), deadline);
  if (!stub) return explain(stub.error());
  gdb_ = std::move(*stub);
  qtest_ = std::make_unique<Qtest>(loop_, std::move(qtest));
  return {};
}

void Machine::add_channel(const std::string& name, Fd socket,
                          std::function<void(std::string_view)> sink) {
  auto channel = std::make_unique<Channel>(Channel{std::move(socket), {}, {}, {}});
  Channel* raw = channel.get();
  raw->read = [raw, sink = std::move(sink)] {
    const auto bytes = read_some(raw->socket.get());
    if (!bytes) raw->watch = {};
    if (!bytes || bytes->empty()) return false;
    sink(*bytes);
    return true;
  };
  const auto once = [raw] { raw->read(); };
  raw->watch =
      loop_.on_readable(raw->socket.get(), once, name == "console" ? console_lull : serial_lull);
  channels_[name] = std::move(channel);
}

void Machine::add_net(const std::string& device, Fd socket) {
  auto framer = std::make_shared<NetFramer>();
  add_channel("net:" + device, std::move(socket), [this, device, framer](std::string_view bytes) {
    for (const auto& frame : framer->feed(bytes)) listener_.on_frame(device, frame);
  });
}

void Machine::on_exit() {
  const auto status = process_->poll();
  if (!status) return;
  exit_watch_ = {};
  if (listener_.on_exit) listener_.on_exit(*status);
}

namespace {

json picture_arguments() {
  return {{"filename", fmt::format("/proc/self/fd/{}", ChildFds{}.screen)}, {"format", "ppm"}};
}

}  // namespace

Result<std::string> Machine::picture(TimePoint deadline) {
  TRY(qmp_->call("screendump", picture_arguments(), deadline));
  return fetch_picture();
}

Result<void> Machine::ask_picture() {
  return qmp_->post("screendump", picture_arguments());
}

Result<std::string> Machine::fetch_picture() const {
  return read_file(fmt::format("/proc/self/fd/{}", screen_.get()));
}

Result<void> Machine::send_agent(std::string_view bytes) {
  return write_all(channels_.at("agent")->socket.get(), bytes);
}

Result<void> Machine::send_frame(const std::string& device, std::string_view frame) {
  const auto channel = channels_.find("net:" + device);
  if (channel == channels_.end())
    return fail(Errc::internal, "device {} has no network behind it", device);
  const int socket = channel->second->socket.get();
  std::string& unsent = channel->second->unsent;
  TRY(send_some(socket, unsent));
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(frame.size() >> shift & 0xff);
  bytes += frame;
  const std::size_t whole = bytes.size();
  if (unsent.empty()) TRY(send_some(socket, bytes));
  if (bytes.size() == whole) return fail(Errc::timeout, "device {} takes no frames now", device);
  unsent = std::move(bytes);
  return {};
}

std::optional<ExitStatus> Machine::exit_status() {
  return process_ ? process_->poll() : std::nullopt;
}

std::string Machine::error_output() const {
  const auto text = read_file(log_path_);
  return text ? std::string(trim(printable(*text))) : std::string();
}

void Machine::drain() {
  for (const auto& [name, channel] : channels_)
    while (channel->read()) {
    }
}

ExitStatus Machine::stop() {
  if (!process_) return {};
  exit_watch_ = {};
  for (const auto& rung : ladder) {
    if (const auto status = process_->poll()) return *status;
    if (rung.how == Rung::How::terminate) {
      process_->signal(SIGTERM);
    } else if (qmp_ && qmp_->connected()) {
      qmp_->quit();
    } else {
      continue;
    }
    process_->wait(rung.patience);
  }
  return process_->stop(Seconds(0));
}

}  // namespace quiesce::vm
