// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/server.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <map>
#include <optional>

#include "devices/vfio_user/connection.hpp"
#include "devices/vfio_user/function.hpp"
#include "devices/vfio_user/guest_memory.hpp"
#include "devices/vfio_user/negotiation.hpp"
#include "harness/base/unix_socket.hpp"

namespace quiesce::vfio_user {

const char* to_string(ResetKind kind) {
  switch (kind) {
    case ResetKind::flr:
      return "flr";
    case ResetKind::pm:
      return "pm";
    case ResetKind::device:
      return "device";
  }
  return "device";
}

bool Device::config_unreadable() {
  return false;
}
void Device::config_written(std::uint16_t, unsigned, std::uint32_t) {}
void Device::connected() {}
void Device::disconnected() {}
void Device::dma_mapped(std::uint64_t, std::uint64_t) {}
void Device::dma_unmapped(std::uint64_t, std::uint64_t) {}

namespace {

class ServerImpl final : public Server, public Host {
 public:
  ServerImpl(Loop& loop, Device& device, Fd listener, const Limits& limits)
      : loop_(loop),
        device_(device),
        listener_(std::move(listener)),
        limits_(limits),
        function_(device, device.config_space(), limits.data_bytes),
        memory_(limits, loop,
                [this](std::uint16_t command, std::span<const std::byte> body, TimePoint deadline) {
                  return ask(command, body, deadline);
                }) {
    wait_for_client();
  }

  Host& host() override { return *this; }
  bool has_client() const override { return client_ != nullptr; }
  unsigned clients_gone() const override { return gone_; }
  std::string last_end() const override { return last_end_; }

  Loop& loop() override { return loop_; }
  ConfigSpace& config() override { return function_.config(); }
  Result<void> dma_write(std::uint64_t address, std::span<const std::byte> bytes) override {
    if (!client_) return no_client();
    return memory_.write(address, bytes);
  }
  Result<void> dma_read(std::uint64_t address, std::span<std::byte> bytes) override {
    if (!client_) return no_client();
    return memory_.read(address, bytes);
  }
  Result<void> dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) override {
    if (!client_) return no_client();
    return memory_.write_stale(address, bytes);
  }
  bool set_intx(bool asserted) override { return function_.set_intx(asserted); }
  bool raise_msi(unsigned vector) override { return raise(wire::irq_msi, vector); }
  bool raise_msix(unsigned vector) override { return raise(wire::irq_msix, vector); }

 private:
  static tl::unexpected<Error> no_client() { return fail(Errc::closed, "no client is connected"); }
  bool raise(std::uint32_t index, unsigned vector) { return function_.irqs().raise(index, vector); }

  void wait_for_client();
  void accept_client();
  void pump(const std::function<bool()>& enough);
  void drop(std::string why);
  void take(Message message);
  void take_answer(Message message);
  Reply handle(Message& message);
  Reply negotiate(std::span<const std::byte> body);
  Reply map(Message& message);
  Reply unmap(std::span<const std::byte> body);
  std::uint16_t free_id();
  Result<Message> ask(std::uint16_t command, std::span<const std::byte> body, TimePoint deadline);

  Loop& loop_;
  Device& device_;
  Fd listener_;
  Limits limits_;
  Function function_;
  GuestMemory memory_;
  std::shared_ptr<Connection> client_;
  bool negotiated_ = false;
  /// Our requests that wait, the youngest innermost.
  struct Awaited {
    std::uint16_t command = 0;
    std::optional<Message> answer;
  };
  std::map<std::uint16_t, Awaited> awaited_;
  std::uint16_t next_id_ = 1;
  unsigned gone_ = 0;
  std::string last_end_;
  Loop::Watch listener_watch_;
  Loop::Watch client_watch_;
};

void ServerImpl::wait_for_client() {
  // Where accept fails (no descriptor is left) it is tried again, but not in a hurry.
  constexpr Seconds lull{0.05};
  listener_watch_ = loop_.on_readable(
      listener_.get(), [this] { accept_client(); }, lull);
}

void ServerImpl::accept_client() {
  const int raw = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (raw < 0) return;
  client_ = std::make_shared<Connection>(Fd::adopt(raw), limits_);
  negotiated_ = false;
  client_watch_ = loop_.on_readable(raw, [this] { pump([] { return false; }); });
  listener_watch_ = {};
  device_.connected();
}

void ServerImpl::drop(std::string why) {
  if (!client_) return;
  client_watch_ = {};
  client_.reset();
  ++gone_;
  last_end_ = std::move(why);
  function_.irqs().clear();
  memory_.forget();
  device_.disconnected();
  wait_for_client();
}

/// What is there now, until it is enough, but no more than a burst: a client that never stops must
/// not keep the device from its work.
void ServerImpl::pump(const std::function<bool()>& enough) {
  constexpr int burst = 64;
  for (int i = 0; i < burst && client_ && !enough(); ++i) {
    const auto client = client_;
    auto message = client->receive();
    if (!message) return drop(message.error().describe());
    if (!*message) return;
    take(std::move(**message));
  }
}

void ServerImpl::take(Message message) {
  const wire::Header header = message.header;
  const std::uint32_t type = header.flags & wire::type_mask;
  if (type == wire::type_reply) return take_answer(std::move(message));
  if (type != 0) return drop(fmt::format("bad message: a type of {}", type));
  if (!negotiated_ && header.command != wire::version)
    return drop("bad message: a request before the version was agreed on");
  const auto client = client_;
  const Reply reply = handle(message);
  // Serving it may have shown that the client is gone.
  if (client != client_) return;
  if ((header.flags & wire::flag_no_reply) == 0) {
    const wire::Header out{.id = header.id,
                           .command = header.command,
                           .size = static_cast<std::uint32_t>(sizeof header + reply.body.size()),
                           .flags = wire::type_reply | (reply.error != 0 ? wire::flag_error : 0),
                           .error = static_cast<std::uint32_t>(reply.error)};
    if (const auto sent = client->send(out, reply.body); !sent)
      return drop(sent.error().describe());
  }
  if (!negotiated_) drop("bad message: no version to agree on");
}

void ServerImpl::take_answer(Message message) {
  const auto waiting = awaited_.find(message.header.id);
  if (waiting == awaited_.end() || waiting->second.answer ||
      waiting->second.command != message.header.command)
    return drop("bad message: an answer to nothing that was asked");
  waiting->second.answer = std::move(message);
}

Reply ServerImpl::handle(Message& message) {
  switch (message.header.command) {
    case wire::version:
      return negotiate(message.body);
    case wire::dma_map:
      return map(message);
    case wire::dma_unmap:
      return unmap(message.body);
    case wire::device_get_info:
      return Function::info(message.body);
    case wire::device_get_region_info:
      return function_.region_info(message.body);
    case wire::device_get_irq_info:
      return function_.irq_info(message.body);
    case wire::device_set_irqs:
      return function_.set_irqs(message.body, std::move(message.files));
    case wire::region_read:
      return function_.read(message.body);
    case wire::region_write:
      return function_.write(message.body);
    case wire::device_reset:
      function_.reset(ResetKind::device);
      return {};
    default:
      return refuse(ENOTSUP);
  }
}

Reply ServerImpl::negotiate(std::span<const std::byte> body) {
  if (negotiated_) return refuse(EINVAL);
  Proposal proposal;
  if (const int error = read_proposal(body, proposal)) return refuse(error);
  negotiated_ = true;
  memory_.set_client_limit(proposal.data_bytes);
  return accept(proposal, limits_);
}

Reply ServerImpl::map(Message& message) {
  Reply reply = memory_.map(message);
  if (const auto asked = head<wire::DmaMap>(message.body); asked && reply.error == 0)
    device_.dma_mapped(asked->address, asked->size);
  return reply;
}

Reply ServerImpl::unmap(std::span<const std::byte> body) {
  std::vector<DmaMap::Span> removed;
  Reply reply = memory_.unmap(body, removed);
  for (const auto& span : removed) device_.dma_unmapped(span.address, span.size);
  return reply;
}

std::uint16_t ServerImpl::free_id() {
  while (awaited_.contains(next_id_)) ++next_id_;
  return next_id_++;
}

/// Serves what the client asks meanwhile: it may hold its answer back until it has got one of ours.
Result<Message> ServerImpl::ask(std::uint16_t command, std::span<const std::byte> body,
                                TimePoint deadline) {
  if (awaited_.size() >= limits_.outstanding)
    return fail(Errc::unsupported, "{} requests wait for the client already", awaited_.size());
  const auto client = client_;
  const std::uint16_t id = free_id();
  const wire::Header header{.id = id,
                            .command = command,
                            .size = static_cast<std::uint32_t>(sizeof(wire::Header) + body.size()),
                            .flags = 0,
                            .error = 0};
  awaited_[id] = {.command = command, .answer = {}};
  if (const auto sent = client->send(header, body); !sent) drop(sent.error().describe());
  // A loop of its own: the client is heard, and nothing else happens to the device.
  Loop waiting(loop_.clock());
  const auto over = [&] { return client != client_ || awaited_[id].answer.has_value(); };
  const auto watch = waiting.on_readable(client->fd(), [&] { pump(over); });
  waiting.run_until(over, deadline);
  std::optional<Message> got = std::move(awaited_[id].answer);
  awaited_.erase(id);
  if (client == client_ && !got) drop("the client did not answer in time");
  if (client != client_) return fail(Errc::closed, "the client is gone: {}", last_end_);
  if ((got->header.flags & wire::flag_error) == 0) return std::move(*got);
  return fail(Errc::unsupported, "the client refused: {}",
              std::strerror(static_cast<int>(got->header.error)));
}

std::string wrong_limit(const Limits& limits) {
  const auto beyond = [](std::uint64_t value, std::uint64_t least, std::uint64_t most) {
    return value < least || value > most;
  };
  if (beyond(limits.data_bytes, 4096, 64U << 20)) return "data_bytes";
  if (beyond(limits.descriptors, 1, 16)) return "descriptors";
  if (beyond(limits.mappings, 1, 65535)) return "mappings";
  if (beyond(limits.outstanding, 1, 1024)) return "outstanding";
  return limits.patience < Seconds(0) ? "patience" : "";
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Loop& loop, Device& device, Fd listener,
                                               const Limits& limits) {
  if (const std::string wrong = wrong_limit(limits); !wrong.empty())
    return fail(Errc::invalid_input, "the limit {} of a vfio-user server is out of its range",
                wrong);
  // An accept that finds nobody must not wait.
  const timeval no_wait{.tv_sec = 0, .tv_usec = 1000};
  ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &no_wait, sizeof no_wait);
  auto server = std::make_unique<ServerImpl>(loop, device, std::move(listener), limits);
  device.attach(server->host());
  return server;
}

Result<Fd> listen_at(const std::string& path) {
  return listen_unix(path);
}

Result<void> serve(Loop& loop, Device& device, const std::string& path) {
  TRY_ASSIGN(Fd listener, listen_at(path));
  TRY_ASSIGN(const auto server, Server::create(loop, device, std::move(listener)));
  while (loop.run_until([] { return false; }, loop.now() + Seconds(3600)) != Waited::stopped) {
  }
  return {};
}

}  // namespace quiesce::vfio_user
