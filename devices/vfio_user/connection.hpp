// SPDX-License-Identifier: GPL-2.0-or-later
// One client's socket: whole messages with their descriptors, and nothing that could make us wait
// for ever.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "devices/vfio_user/protocol.hpp"
#include "devices/vfio_user/server.hpp"
#include "harness/base/fd.hpp"

namespace quiesce::vfio_user {

struct Message {
  wire::Header header{};
  std::vector<std::byte> body;
  std::vector<Fd> files;
};

class Connection {
 public:
  Connection(Fd socket, const Limits& limits);

  int fd() const { return socket_.get(); }
  /// The next whole message when there is one; never waits. closed: the client went away; protocol:
  /// what came cannot be a message (its size is below 16 or beyond the limit, too many
  /// descriptors): the stream cannot be trusted any more.
  Result<std::optional<Message>> receive();
  /// Fails with closed, or with timeout when the client has not made room for all of it within
  /// Limits::patience (of the real clock, however slowly it reads).
  Result<void> send(const wire::Header& header, std::span<const std::byte> body);

 private:
  Result<bool> fill(std::byte* into, std::size_t wanted, std::size_t& have);
  Fd socket_;
  Limits limits_;
  Message next_;
  std::size_t header_have_ = 0;
  std::size_t body_have_ = 0;
};

}  // namespace quiesce::vfio_user
