// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "devices/vfio_user/connection.hpp"
#include "devices/vfio_user/dma.hpp"
#include "devices/vfio_user/irqs.hpp"
#include "devices/vfio_user/protocol.hpp"
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

// A client that does not answer a request of ours for so long is given up.
constexpr Seconds answer_patience{5};

struct Reply {
  int error = 0;
  std::vector<std::byte> body = {};
};

Reply refuse(int error) {
  return {.error = error};
}

template <class T>
std::optional<T> head(std::span<const std::byte> body) {
  if (body.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, body.data(), sizeof value);
  return value;
}

template <class T>
Reply answer(const T& value, std::span<const std::byte> more = {}) {
  Reply reply;
  reply.body.resize(sizeof value + more.size());
  std::memcpy(reply.body.data(), &value, sizeof value);
  if (!more.empty()) std::memcpy(reply.body.data() + sizeof value, more.data(), more.size());
  return reply;
}

class ServerImpl final : public Server, public Host {
 public:
  ServerImpl(Loop& loop, Device& device, Fd listener, const Limits& limits, ConfigSpace config)
      : loop_(loop),
        device_(device),
        listener_(std::move(listener)),
        limits_(limits),
        config_(std::move(config)),
        dma_(limits),
        irqs_(config_.layout()) {
    wait_for_client();
  }

  Host& host() override { return *this; }
  bool has_client() const override { return client_ != nullptr; }
  unsigned clients_gone() const override { return gone_; }
  std::string last_end() const override { return last_end_; }

  Loop& loop() override { return loop_; }
  ConfigSpace& config() override { return config_; }
  Result<void> dma_write(std::uint64_t address, std::span<const std::byte> bytes) override;
  Result<void> dma_read(std::uint64_t address, std::span<std::byte> bytes) override;
  Result<void> dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) override;
  bool set_intx(bool asserted) override;
  bool raise_msi(unsigned vector) override { return irqs_.raise(wire::irq_msi, vector); }
  bool raise_msix(unsigned vector) override { return irqs_.raise(wire::irq_msix, vector); }

 private:
  void wait_for_client();
  void accept_client();
  void pump();
  void drop(const std::string& why);
  void take(Message message);
  Reply handle(Message& message);
  Reply negotiate(std::span<const std::byte> body);
  Reply map(Message& message);
  Reply unmap(std::span<const std::byte> body);
  Reply region_info(std::span<const std::byte> body) const;
  Reply irq_info(std::span<const std::byte> body) const;
  Reply set_irqs(Message& message);
  Reply read_region(std::span<const std::byte> body);
  Reply write_region(std::span<const std::byte> body);
  Reply reset_all();
  std::uint64_t region_size(std::uint32_t index) const;
  void write_config(std::uint16_t offset, unsigned width, std::uint32_t value);
  void react(std::uint16_t offset, unsigned width, std::uint32_t value, int power_before);
  void apply_reset(ResetKind kind);
  bool intx_disabled() const { return (config_.read(0x04, 2) & 0x400) != 0; }
  Result<Message> exchange(std::uint16_t command, std::span<const std::byte> body);

  Loop& loop_;
  Device& device_;
  Fd listener_;
  Limits limits_;
  ConfigSpace config_;
  DmaMap dma_;
  Irqs irqs_;
  bool intx_ = false;
  std::shared_ptr<Connection> client_;
  bool negotiated_ = false;
  std::uint16_t next_id_ = 1;
  std::map<std::uint16_t, std::optional<Message>> awaited_;
  unsigned gone_ = 0;
  std::string last_end_;
  Loop::Watch listener_watch_;
  Loop::Watch client_watch_;
};

void ServerImpl::wait_for_client() {
  listener_watch_ = loop_.on_readable(listener_.get(), [this] { accept_client(); });
}

void ServerImpl::accept_client() {
  const int raw = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  if (raw < 0) return;
  client_ = std::make_shared<Connection>(Fd::adopt(raw), limits_);
  negotiated_ = false;
  client_watch_ = loop_.on_readable(raw, [this] { pump(); });
  listener_watch_ = {};
  device_.connected();
}

void ServerImpl::drop(const std::string& why) {
  if (!client_) return;
  client_watch_ = {};
  client_.reset();
  ++gone_;
  last_end_ = why;
  irqs_.clear();
  dma_.remove_all();
  device_.disconnected();
  wait_for_client();
}

/// Everything that is there now, but no more than a burst: a client that never stops must not keep
/// the device from its work.
void ServerImpl::pump() {
  constexpr int burst = 64;
  for (int i = 0; i < burst && client_; ++i) {
    const auto client = client_;
    auto message = client->receive();
    if (!message) return drop(message.error().describe());
    if (!*message) return;
    take(std::move(**message));
  }
}

void ServerImpl::take(Message message) {
  const wire::Header header = message.header;
  if ((header.flags & wire::type_mask) == wire::type_reply) {
    const auto waiting = awaited_.find(header.id);
    if (waiting != awaited_.end() && !waiting->second) waiting->second = std::move(message);
    return;
  }
  if (!negotiated_ && header.command != wire::version)
    return drop("bad message: a request before the version was agreed on");
  const auto client = client_;
  const Reply reply = handle(message);
  // Serving it may have shown that the client is gone.
  if (client != client_ || (header.flags & wire::flag_no_reply) != 0) return;
  const wire::Header out{.id = header.id,
                         .command = header.command,
                         .size = static_cast<std::uint32_t>(sizeof header + reply.body.size()),
                         .flags = wire::type_reply | (reply.error != 0 ? wire::flag_error : 0),
                         .error = static_cast<std::uint32_t>(reply.error)};
  if (const auto sent = client->send(out, reply.body); !sent) drop(sent.error().describe());
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
      return answer(wire::DeviceInfo{.argsz = sizeof(wire::DeviceInfo),
                                     .flags = 1 | 2,
                                     .regions = wire::regions,
                                     .irqs = wire::irqs});
    case wire::device_get_region_info:
      return region_info(message.body);
    case wire::device_get_irq_info:
      return irq_info(message.body);
    case wire::device_set_irqs:
      return set_irqs(message);
    case wire::region_read:
      return read_region(message.body);
    case wire::region_write:
      return write_region(message.body);
    case wire::device_reset:
      return reset_all();
    default:
      return refuse(ENOTSUP);
  }
}

Reply ServerImpl::negotiate(std::span<const std::byte> body) {
  const auto asked = head<wire::Version>(body);
  if (!asked || negotiated_) return refuse(EINVAL);
  if (asked->major != 0) return refuse(ENOTSUP);
  // What the client can take matters for nothing that is sent: answers have the size that was asked
  // for.
  const nlohmann::json capabilities = {{"capabilities",
                                        {{"max_msg_fds", limits_.descriptors},
                                         {"max_data_xfer_size", limits_.data_bytes},
                                         {"max_dma_maps", limits_.mappings},
                                         {"pgsizes", 4096}}}};
  const std::string text = capabilities.dump();
  negotiated_ = true;
  return answer(wire::Version{.major = 0, .minor = std::min<std::uint16_t>(asked->minor, 1)},
                std::as_bytes(std::span(text.c_str(), text.size() + 1)));
}

Reply ServerImpl::map(Message& message) {
  const auto asked = head<wire::DmaMap>(message.body);
  if (!asked || message.files.size() > 1) return refuse(EINVAL);
  std::optional<Fd> file;
  if (!message.files.empty()) file = std::move(message.files[0]);
  const bool writable = (asked->flags & 2) != 0;
  if (!dma_.add(asked->address, asked->size, asked->offset, std::move(file), writable))
    return refuse(EINVAL);
  device_.dma_mapped(asked->address, asked->size);
  return {};
}

Reply ServerImpl::unmap(std::span<const std::byte> body) {
  const auto asked = head<wire::DmaUnmap>(body);
  if (!asked || (asked->flags & 1) != 0) return refuse(asked ? ENOTSUP : EINVAL);
  if ((asked->flags & 2) != 0)
    dma_.remove_all();
  else if (!dma_.remove(asked->address, asked->size))
    return refuse(ENOENT);
  device_.dma_unmapped(asked->address, asked->size);
  return answer(*asked);
}

std::uint64_t ServerImpl::region_size(std::uint32_t index) const {
  if (index == wire::region_config) return config_.bytes().size();
  return index < 6 && config_.layout().bars[index].kind != Bar::Kind::none
             ? config_.layout().bars[index].size
             : 0;
}

Reply ServerImpl::region_info(std::span<const std::byte> body) const {
  const auto asked = head<wire::RegionInfo>(body);
  if (!asked || asked->index >= wire::regions) return refuse(EINVAL);
  const std::uint64_t size = region_size(asked->index);
  return answer(wire::RegionInfo{.argsz = sizeof(wire::RegionInfo),
                                 .flags = size != 0 ? 1U | 2U : 0U,
                                 .index = asked->index,
                                 .cap_offset = 0,
                                 .size = size,
                                 .offset = 0});
}

Reply ServerImpl::irq_info(std::span<const std::byte> body) const {
  const auto asked = head<wire::IrqInfo>(body);
  if (!asked || asked->index >= wire::irqs) return refuse(EINVAL);
  const std::uint32_t count = irqs_.count(asked->index);
  std::uint32_t flags = count != 0 ? 1 : 0;
  if (asked->index == wire::irq_intx && count != 0) flags |= 2 | 4;
  if (asked->index != wire::irq_intx && count != 0) flags |= 8;
  return answer(wire::IrqInfo{
      .argsz = sizeof(wire::IrqInfo), .flags = flags, .index = asked->index, .count = count});
}

Reply ServerImpl::set_irqs(Message& message) {
  const auto asked = head<wire::IrqSet>(message.body);
  if (!asked) return refuse(EINVAL);
  const auto data = std::span<const std::byte>(message.body).subspan(sizeof *asked);
  return refuse(irqs_.set(*asked, data, std::move(message.files)));
}

/// An access in pieces of the widths that a device sees: 8, 4, 2 or 1 bytes, aligned.
template <class Access>
void in_pieces(std::uint64_t offset, std::uint64_t count, unsigned widest, Access access) {
  for (std::uint64_t at = 0; at < count;) {
    unsigned width = widest;
    while (width > count - at || (offset + at) % width != 0) width /= 2;
    access(offset + at, at, width);
    at += width;
  }
}

Reply ServerImpl::read_region(std::span<const std::byte> body) {
  const auto asked = head<wire::RegionAccess>(body);
  if (!asked || asked->count > limits_.data_bytes) return refuse(EINVAL);
  const std::uint64_t size = region_size(asked->region);
  if (asked->count > size || asked->offset > size - asked->count) return refuse(EINVAL);
  std::vector<std::byte> data(asked->count);
  const bool is_config = asked->region == wire::region_config;
  const bool dead = is_config && device_.config_unreadable();
  in_pieces(asked->offset, asked->count, is_config ? 4 : 8,
            [&](std::uint64_t offset, std::uint64_t at, unsigned width) {
              std::uint64_t value = ~std::uint64_t{0};
              if (!is_config)
                value = device_.read(static_cast<int>(asked->region), offset, width);
              else if (!dead)
                value = config_.read(static_cast<std::uint16_t>(offset), width);
              std::memcpy(data.data() + at, &value, width);
            });
  return answer(*asked, data);
}

Reply ServerImpl::write_region(std::span<const std::byte> body) {
  const auto asked = head<wire::RegionAccess>(body);
  if (!asked || asked->count > body.size() - sizeof *asked) return refuse(EINVAL);
  const std::uint64_t size = region_size(asked->region);
  if (asked->count > size || asked->offset > size - asked->count) return refuse(EINVAL);
  const auto data = body.subspan(sizeof *asked, asked->count);
  const bool is_config = asked->region == wire::region_config;
  in_pieces(asked->offset, asked->count, is_config ? 4 : 8,
            [&](std::uint64_t offset, std::uint64_t at, unsigned width) {
              std::uint64_t value = 0;
              std::memcpy(&value, data.data() + at, width);
              if (is_config)
                write_config(static_cast<std::uint16_t>(offset), width,
                             static_cast<std::uint32_t>(value));
              else
                device_.write(static_cast<int>(asked->region), offset, width, value);
            });
  return answer(*asked);
}

void ServerImpl::write_config(std::uint16_t offset, unsigned width, std::uint32_t value) {
  const int power = config_.view().power_state().value_or(0);
  config_.write(offset, width, value);
  react(offset, width, value, power);
  irqs_.set_intx(intx_, intx_disabled());
  device_.config_written(offset, width, value);
}

/// The two resets that are asked for through configuration space.
void ServerImpl::react(std::uint16_t offset, unsigned width, std::uint32_t value,
                       int power_before) {
  const Layout& layout = config_.layout();
  if (const auto express = config_.express_offset(); express && layout.express->flr) {
    // Bit 15 of Device Control; the byte that holds it may come alone.
    const int at = *express + 9 - offset;
    if (at >= 0 && at < static_cast<int>(width) && (value >> (8 * at) & 0x80) != 0)
      apply_reset(ResetKind::flr);
  }
  const int power = config_.view().power_state().value_or(0);
  if (power_before == 3 && power == 0 && layout.pm && !layout.pm->no_soft_reset)
    apply_reset(ResetKind::pm);
}

void ServerImpl::apply_reset(ResetKind kind) {
  if (!device_.reset(kind)) return;
  config_.reset(kind == ResetKind::device ? ConfigSpace::Reset::cold : ConfigSpace::Reset::sticky);
  set_intx(false);
}

Reply ServerImpl::reset_all() {
  apply_reset(ResetKind::device);
  return {};
}

bool ServerImpl::set_intx(bool asserted) {
  intx_ = asserted;
  const std::uint64_t status = config_.read(0x06, 2);
  config_.set(0x06, 2, asserted ? status | 0x8 : status & ~0x8ULL);
  return irqs_.set_intx(asserted, intx_disabled());
}

/// Asks the client and serves what it asks meanwhile: it may hold its answer back until it has got
/// one of ours.
Result<Message> ServerImpl::exchange(std::uint16_t command, std::span<const std::byte> body) {
  if (!client_) return fail(Errc::closed, "no client is connected");
  if (awaited_.size() >= limits_.outstanding)
    return fail(Errc::unsupported, "{} requests wait for the client already", awaited_.size());
  const auto client = client_;
  const std::uint16_t id = next_id_++;
  const wire::Header header{.id = id,
                            .command = command,
                            .size = static_cast<std::uint32_t>(sizeof(wire::Header) + body.size()),
                            .flags = 0,
                            .error = 0};
  awaited_[id];
  auto sent = client->send(header, body);
  const TimePoint deadline = loop_.now() + answer_patience;
  while (sent && client == client_ && !awaited_[id] && loop_.now() < deadline) {
    pollfd ready{client->fd(), POLLIN, 0};
    ::poll(&ready, 1, 100);
    pump();
  }
  auto got = std::move(awaited_[id]);
  awaited_.erase(id);
  if (!sent) return tl::unexpected(sent.error());
  if (got && (got->header.flags & wire::flag_error) == 0) return std::move(*got);
  if (got)
    return fail(Errc::unsupported, "the client refused: {}",
                std::strerror(static_cast<int>(got->header.error)));
  return fail(client == client_ ? Errc::timeout : Errc::closed, "the client did not answer");
}

Result<void> ServerImpl::dma_write(std::uint64_t address, std::span<const std::byte> bytes) {
  if (!client_) return fail(Errc::closed, "no client is connected");
  if (const auto memory = dma_.find(address, bytes.size(), true)) {
    std::memcpy(memory->data(), bytes.data(), bytes.size());
    return {};
  }
  if (dma_.where(address, bytes.size()) != DmaMap::Where::by_message ||
      bytes.size() > limits_.data_bytes)
    return fail(Errc::not_found, "no memory of {} bytes is mapped at {:#x}", bytes.size(), address);
  const Reply request = answer(wire::DmaAccess{address, bytes.size()}, bytes);
  TRY(exchange(wire::dma_write, request.body));
  return {};
}

Result<void> ServerImpl::dma_read(std::uint64_t address, std::span<std::byte> bytes) {
  if (!client_) return fail(Errc::closed, "no client is connected");
  if (const auto memory = dma_.find(address, bytes.size(), false)) {
    std::memcpy(bytes.data(), memory->data(), bytes.size());
    return {};
  }
  if (dma_.where(address, bytes.size()) != DmaMap::Where::by_message ||
      bytes.size() > limits_.data_bytes)
    return fail(Errc::not_found, "no memory of {} bytes is mapped at {:#x}", bytes.size(), address);
  const Reply request = answer(wire::DmaAccess{address, bytes.size()});
  TRY_ASSIGN(const Message reply, exchange(wire::dma_read, request.body));
  if (reply.body.size() != sizeof(wire::DmaAccess) + bytes.size())
    return fail(Errc::protocol, "the client answered with {} bytes", reply.body.size());
  std::memcpy(bytes.data(), reply.body.data() + sizeof(wire::DmaAccess), bytes.size());
  return {};
}

Result<void> ServerImpl::dma_write_stale(std::uint64_t address, std::span<const std::byte> bytes) {
  if (client_ && dma_.find(address, bytes.size(), true)) return dma_write(address, bytes);
  const auto memory = dma_.find_stale(address, bytes.size());
  if (!memory)
    return fail(Errc::not_found, "no memory of {} bytes ever was at {:#x}", bytes.size(), address);
  std::memcpy(memory->data(), bytes.data(), bytes.size());
  return {};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(Loop& loop, Device& device, Fd listener,
                                               const Limits& limits) {
  // An accept that finds nobody must not wait.
  const timeval no_wait{0, 1000};
  ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &no_wait, sizeof no_wait);
  auto server = std::make_unique<ServerImpl>(loop, device, std::move(listener), limits,
                                             device.config_space());
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
