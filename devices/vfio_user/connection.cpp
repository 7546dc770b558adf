// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <utility>

namespace quiesce::vfio_user {

namespace {

constexpr unsigned most_files = 64;

/// Takes over every descriptor that came, whether wanted or not.
void adopt_files(msghdr& message, std::vector<Fd>& files) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(part) + i * sizeof(int), sizeof raw);
      files.push_back(Fd::adopt(raw));
    }
  }
}

/// False when the time is over.
bool wait_writable(int fd, TimePoint deadline) {
  const Seconds left = deadline - system_clock().now();
  if (left <= Seconds(0)) return false;
  pollfd ready{.fd = fd, .events = POLLOUT, .revents = 0};
  ::poll(&ready, 1, static_cast<int>(std::ceil(std::min(left.count(), 60.0) * 1000)));
  return true;
}

}  // namespace

Connection::Connection(Fd socket, const Limits& limits)
    : socket_(std::move(socket)), limits_(limits) {}

/// Never reads beyond the message: so its descriptors are its own.
Result<bool> Connection::fill(std::byte* into, std::size_t wanted, std::size_t& have) {
  while (have < wanted) {
    iovec piece{into + have, wanted - have};
    alignas(cmsghdr) char control[CMSG_SPACE(most_files * sizeof(int))];
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got < 0 && errno != ECONNRESET) return fail_errno("cannot read from the client");
    if (got <= 0) return fail(Errc::closed, "the client closed the connection");
    adopt_files(message, next_.files);
    // Truncated: more than there is room for here, or than this process may still open.
    if ((message.msg_flags & MSG_CTRUNC) != 0 || next_.files.size() > limits_.descriptors)
      return fail(Errc::protocol, "bad message: more than {} descriptors", limits_.descriptors);
    have += static_cast<std::size_t>(got);
  }
  return true;
}

Result<std::optional<Message>> Connection::receive() {
  auto* header = reinterpret_cast<std::byte*>(&next_.header);
  TRY_ASSIGN(const bool has_header, fill(header, sizeof next_.header, header_have_));
  if (!has_header) return std::nullopt;
  const std::size_t size = next_.header.size;
  if (size < sizeof next_.header || size > limits_.message_bytes())
    return fail(Errc::protocol, "bad message: a size of {} bytes", size);
  next_.body.resize(size - sizeof next_.header);
  TRY_ASSIGN(const bool has_body, fill(next_.body.data(), next_.body.size(), body_have_));
  if (!has_body) return std::nullopt;
  header_have_ = body_have_ = 0;
  return std::exchange(next_, Message{});
}

Result<void> Connection::send(const wire::Header& header, std::span<const std::byte> body) {
  const auto head = std::as_bytes(std::span(&header, 1));
  std::vector<std::byte> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), body.begin(), body.end());
  const TimePoint deadline = system_clock().now() + limits_.patience;
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now >= 0) {
      sent += static_cast<std::size_t>(now);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
      return fail(Errc::closed, "the client closed the connection");
    if (!wait_writable(socket_.get(), deadline))
      return fail(Errc::timeout, "the client does not read its answers");
  }
  return {};
}

}  // namespace quiesce::vfio_user
