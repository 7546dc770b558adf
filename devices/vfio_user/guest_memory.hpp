// SPDX-License-Identifier: GPL-2.0-or-later
// The device's accesses to the client's memory: by mapping, or by message in pieces that the client
// can take.
#pragma once

#include <functional>
#include <span>

#include "devices/vfio_user/connection.hpp"
#include "devices/vfio_user/dma.hpp"
#include "devices/vfio_user/reply.hpp"

namespace quiesce::vfio_user {

class GuestMemory {
 public:
  /// Sends a request to the client and waits for its answer until the deadline.
  using Ask = std::function<Result<Message>(std::uint16_t command, std::span<const std::byte> body,
                                            TimePoint deadline)>;
  GuestMemory(const Limits& limits, const Loop& loop, Ask ask)
      : limits_(limits), loop_(loop), ask_(std::move(ask)), map_(limits) {}

  /// Of the client that came: most data of one message to it.
  void set_client_limit(std::uint64_t bytes);
  Reply map(Message& request);
  /// `removed` gets the ranges that are gone.
  Reply unmap(std::span<const std::byte> body, std::vector<DmaMap::Span>& removed);
  void forget() { map_.forget(); }

  Result<void> write(std::uint64_t address, std::span<const std::byte> bytes);
  Result<void> read(std::uint64_t address, std::span<std::byte> bytes);
  Result<void> write_stale(std::uint64_t address, std::span<const std::byte> bytes);

 private:
  Result<void> send(std::uint64_t address, std::span<const std::byte> bytes, TimePoint deadline);
  Result<void> fetch(std::uint64_t address, std::span<std::byte> bytes, TimePoint deadline);

  Limits limits_;
  const Loop& loop_;
  Ask ask_;
  DmaMap map_;
  std::size_t client_bytes_ = 0;
};

}  // namespace quiesce::vfio_user
