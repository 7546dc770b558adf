// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/vfio_user/client.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace quiesce::vfio_user::testing {

Bytes bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::byte>((i + seed) * 2654435761U >> 13);
  return bytes;
}

Bytes message(std::uint16_t command, std::uint16_t id, std::span<const std::byte> body,
              std::uint32_t flags, std::uint32_t error) {
  return raw(wire::Header{.id = id,
                          .command = command,
                          .size = static_cast<std::uint32_t>(sizeof(wire::Header) + body.size()),
                          .flags = flags,
                          .error = error},
             body);
}

Bytes version_body(std::string_view json, std::uint16_t major, std::uint16_t minor) {
  Bytes text = bytes_of(json);
  if (!json.empty()) text.push_back(std::byte{0});
  return raw(wire::Version{.major = major, .minor = minor}, text);
}

Bytes map_body(std::uint64_t address, std::uint64_t size, std::uint64_t offset,
               std::uint32_t flags) {
  return raw(wire::DmaMap{.argsz = sizeof(wire::DmaMap),
                          .flags = flags,
                          .offset = offset,
                          .address = address,
                          .size = size});
}

Bytes unmap_body(std::uint64_t address, std::uint64_t size, std::uint32_t flags) {
  return raw(wire::DmaUnmap{
      .argsz = sizeof(wire::DmaUnmap), .flags = flags, .address = address, .size = size});
}

Bytes read_body(std::uint32_t region, std::uint64_t offset, std::uint32_t count) {
  return raw(wire::RegionAccess{.offset = offset, .region = region, .count = count});
}

Bytes write_body(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> data) {
  return raw(
      wire::RegionAccess{
          .offset = offset, .region = region, .count = static_cast<std::uint32_t>(data.size())},
      data);
}

Bytes irqs_body(std::uint32_t flags, std::uint32_t index, std::uint32_t start, std::uint32_t count,
                std::span<const std::byte> data) {
  return raw(wire::IrqSet{.argsz = static_cast<std::uint32_t>(sizeof(wire::IrqSet) + data.size()),
                          .flags = flags,
                          .index = index,
                          .start = start,
                          .count = count},
             data);
}

Fd event(bool blocking, unsigned value) {
  return Fd::adopt(::eventfd(value, EFD_CLOEXEC | (blocking ? 0 : EFD_NONBLOCK)));
}

std::uint64_t count_of(const Fd& event) {
  pollfd ready{.fd = event.get(), .events = POLLIN, .revents = 0};
  std::uint64_t count = 0;
  if (::poll(&ready, 1, 0) != 1 || ::read(event.get(), &count, sizeof count) != sizeof count)
    return 0;
  return count;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

Client::Client(Loop& loop, const std::string& path) : loop_(loop) {
  socket_ = Fd::adopt(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), path.size());
  const bool abstract = path[0] == '@';
  if (abstract) name.sun_path[0] = '\0';
  const auto length =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  if (::connect(fd(), reinterpret_cast<const sockaddr*>(&name), length) != 0) std::abort();
}

void Client::settle() {
  loop_.run_until([] { return false; }, loop_.now() + Seconds(1));
}

bool Client::send(std::span<const std::byte> bytes, std::span<const int> files) {
  alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
  for (bool settled = false; !bytes.empty();) {
    iovec piece{const_cast<std::byte*>(bytes.data()), bytes.size()};
    msghdr out{};
    out.msg_iov = &piece;
    out.msg_iovlen = 1;
    if (!files.empty()) {
      out.msg_control = control;
      out.msg_controllen = CMSG_SPACE(files.size_bytes());
      cmsghdr* part = CMSG_FIRSTHDR(&out);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(files.size_bytes());
      std::memcpy(CMSG_DATA(part), files.data(), files.size_bytes());
    }
    const ssize_t sent = ::sendmsg(fd(), &out, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
      files = {};
      settled = false;
      continue;
    }
    if (errno != EAGAIN || settled) return false;
    settle();
    settled = true;
  }
  return true;
}

bool Client::send_request(std::uint16_t command, std::span<const std::byte> body,
                          std::span<const int> files, std::uint32_t flags) {
  return send(message(command, ++last_id, body, flags), files);
}

std::optional<Message> Client::receive() const {
  Message got;
  auto* header = reinterpret_cast<std::byte*>(&got.header);
  const ssize_t peeked = ::recv(fd(), header, sizeof got.header, MSG_PEEK | MSG_DONTWAIT);
  if (peeked != sizeof got.header || got.header.size < sizeof got.header) return std::nullopt;
  Bytes whole(got.header.size);
  for (std::size_t have = 0; have < whole.size();) {
    const ssize_t now = ::recv(fd(), whole.data() + have, whole.size() - have, MSG_DONTWAIT);
    if (now <= 0) return std::nullopt;
    have += static_cast<std::size_t>(now);
  }
  got.body.assign(whole.begin() + sizeof got.header, whole.end());
  return got;
}

std::optional<Message> Client::call(std::uint16_t command, std::span<const std::byte> body,
                                    std::span<const int> files) {
  if (!send_request(command, body, files)) return std::nullopt;
  settle();
  auto got = receive();
  const bool is_answer = got && got->header.id == last_id && got->header.command == command &&
                         (got->header.flags & wire::type_mask) == wire::type_reply;
  return is_answer ? std::move(got) : std::nullopt;
}

int Client::error_of(std::uint16_t command, std::span<const std::byte> body,
                     std::span<const int> files) {
  const auto got = call(command, body, files);
  if (!got) return -1;
  const bool failed = (got->header.flags & wire::flag_error) != 0;
  // "If an error occurs, the reply message must only include the reply header."
  if (failed != (got->header.error != 0) || (failed && !got->body.empty())) return -1;
  return static_cast<int>(got->header.error);
}

bool Client::negotiate() {
  return error_of(wire::version, version_body()) == 0;
}

bool Client::is_over() {
  settle();
  while (receive()) {
  }
  char byte = 0;
  const ssize_t got = ::recv(fd(), &byte, 1, MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

void Client::finish() const {
  ::shutdown(fd(), SHUT_WR);
}

Bytes Client::read(std::uint32_t region, std::uint64_t offset, std::uint32_t count) {
  const Bytes asked = read_body(region, offset, count);
  const auto got = call(wire::region_read, asked);
  if (!got || got->header.error != 0 || got->body.size() != asked.size() + count ||
      !std::equal(asked.begin(), asked.end(), got->body.begin()))
    return {};
  return {got->body.begin() + static_cast<std::ptrdiff_t>(asked.size()), got->body.end()};
}

std::uint64_t Client::read_number(std::uint32_t region, std::uint64_t offset, unsigned width) {
  const Bytes bytes = read(region, offset, width);
  if (bytes.size() != width) std::abort();
  std::uint64_t value = 0;
  std::memcpy(&value, bytes.data(), width);
  return value;
}

bool Client::write(std::uint32_t region, std::uint64_t offset, std::uint64_t value,
                   unsigned width) {
  const Bytes data = raw(value);
  const Bytes body = write_body(region, offset, std::span(data).first(width));
  const auto got = call(wire::region_write, body);
  // The answer is the request without its data.
  return got && got->header.error == 0 && got->body.size() == sizeof(wire::RegionAccess) &&
         std::equal(got->body.begin(), got->body.end(), body.begin());
}

std::uint64_t Probe::read(int bar, std::uint64_t offset, unsigned width) {
  story.push_back(fmt::format("read {} {:#x} {}", bar, offset, width));
  return on_read ? on_read(offset) : 0;
}

void Probe::write(int bar, std::uint64_t offset, unsigned width, std::uint64_t value) {
  story.push_back(fmt::format("write {} {:#x} {} {:#x}", bar, offset, width, value));
  if (on_write) on_write(offset, value);
}

void Probe::config_written(std::uint16_t offset, unsigned width, std::uint32_t value) {
  story.push_back(fmt::format("config {:#x} {} {:#x}", offset, width, value));
}

bool Probe::reset(ResetKind kind) {
  story.push_back(fmt::format("reset {}", to_string(kind)));
  return obeys_reset;
}

void Probe::dma_mapped(std::uint64_t address, std::uint64_t bytes) {
  story.push_back(fmt::format("mapped {:#x} {:#x}", address, bytes));
}

void Probe::dma_unmapped(std::uint64_t address, std::uint64_t bytes) {
  story.push_back(fmt::format("unmapped {:#x} {:#x}", address, bytes));
}

Layout Probe::full_layout() {
  Layout layout{.vendor = 0x1234,
                .device = 0x5678,
                .subsystem_vendor = 0x1af4,
                .subsystem = 0x1100,
                .class_code = 0x020000,
                .revision = 3,
                .interrupt_pin = 1,
                .bars = {},
                .pm = Layout::Pm{},
                .express = Layout::Express{.flr = true, .max_payload = 1},
                .msi = Layout::Msi{.vectors = 4, .maskable = true},
                .msix = Layout::Msix{.vectors = 16,
                                     .table_bar = 1,
                                     .table_offset = 0x1000,
                                     .pending_bar = 1,
                                     .pending_offset = 0x2000},
                .aer = true};
  layout.bars[0] = {.kind = Bar::Kind::memory32, .size = 4096};
  layout.bars[1] = {.kind = Bar::Kind::memory64, .size = 16384, .prefetchable = true};
  layout.bars[4] = {.kind = Bar::Kind::io, .size = 32};
  return layout;
}

Stand::Stand(const Limits& limits, const Layout& layout) {
  static unsigned number = 0;
  device.layout = layout;
  path = fmt::format("@quiesce-vfio-user-test-{}-{}", ::getpid(), ++number);
  server = Server::create(loop, device, listen_at(path).value(), limits).value();
}

Client Stand::ready_client() {
  Client one = client();
  if (!one.negotiate()) std::abort();
  return one;
}

}  // namespace quiesce::vfio_user::testing
