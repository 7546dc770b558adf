// SPDX-License-Identifier: GPL-2.0-or-later
#include "devices/vfio_user/guest_memory.hpp"

#include <algorithm>
#include <cerrno>

namespace quiesce::vfio_user {

namespace {

tl::unexpected<Error> nothing_there(std::uint64_t address, std::size_t bytes) {
  return fail(Errc::not_found, "no memory of {} bytes is mapped at {:#x}", bytes, address);
}

tl::unexpected<Error> cut_off(std::uint64_t address) {
  return fail(Errc::io, "the client has cut the file behind {:#x}", address);
}

}  // namespace

void GuestMemory::set_client_limit(std::uint64_t bytes) {
  client_bytes_ = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, limits_.data_bytes));
}

Reply GuestMemory::map(Message& request) {
  const auto asked = sized_head<wire::DmaMap>(request.body);
  constexpr std::uint32_t known = wire::map_readable | wire::map_writable;
  if (!asked || (asked->flags & ~known) != 0 || request.files.size() > 1) return refuse(EINVAL);
  std::optional<Fd> file;
  if (!request.files.empty()) file = std::move(request.files[0]);
  return refuse(map_.add({asked->address, asked->size}, asked->offset, std::move(file),
                         {.readable = (asked->flags & wire::map_readable) != 0,
                          .writable = (asked->flags & wire::map_writable) != 0}));
}

Reply GuestMemory::unmap(std::span<const std::byte> body, std::vector<DmaMap::Span>& removed) {
  const auto asked = sized_head<wire::DmaUnmap>(body);
  if (!asked) return refuse(EINVAL);
  if ((asked->flags & ~wire::unmap_all) != 0) return refuse(ENOTSUP);
  const DmaMap::Span span{asked->address, asked->size};
  if (asked->flags == wire::unmap_all) {
    if (span != DmaMap::Span{}) return refuse(EINVAL);
    removed = map_.remove_all();
  } else {
    if (const int error = map_.remove(span)) return refuse(error);
    removed = {span};
  }
  wire::DmaUnmap reply = *asked;
  reply.argsz = sizeof reply;
  return answer(reply);
}

Result<void> GuestMemory::write(std::uint64_t address, std::span<const std::byte> bytes) {
  const TimePoint deadline = loop_.now() + limits_.patience;
  // The map is asked anew for each piece: while the client answers it may change it.
  while (!bytes.empty()) {
    const auto piece = map_.first_piece({address, bytes.size()}, DmaMap::Direction::write);
    if (!piece) return nothing_there(address, bytes.size());
    std::size_t size = piece->size;
    if (piece->memory == nullptr) {
      size = std::min(size, client_bytes_);
      TRY(send(address, bytes.first(size), deadline));
    } else if (!copy_out(piece->memory, bytes.first(size))) {
      return cut_off(address);
    }
    address += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> GuestMemory::read(std::uint64_t address, std::span<std::byte> bytes) {
  const TimePoint deadline = loop_.now() + limits_.patience;
  while (!bytes.empty()) {
    const auto piece = map_.first_piece({address, bytes.size()}, DmaMap::Direction::read);
    if (!piece) return nothing_there(address, bytes.size());
    std::size_t size = piece->size;
    if (piece->memory == nullptr) {
      size = std::min(size, client_bytes_);
      TRY(fetch(address, bytes.first(size), deadline));
    } else if (!copy_in(bytes.first(size), piece->memory)) {
      return cut_off(address);
    }
    address += size;
    bytes = bytes.subspan(size);
  }
  return {};
}

Result<void> GuestMemory::write_stale(std::uint64_t address, std::span<const std::byte> bytes) {
  if (bytes.empty() || map_.first_piece({address, bytes.size()}, DmaMap::Direction::write))
    return write(address, bytes);
  while (!bytes.empty()) {
    const auto piece = map_.first_stale_piece({address, bytes.size()});
    if (!piece) return nothing_there(address, bytes.size());
    if (!copy_out(piece->memory, bytes.first(piece->size))) return cut_off(address);
    address += piece->size;
    bytes = bytes.subspan(piece->size);
  }
  return {};
}

Result<void> GuestMemory::send(std::uint64_t address, std::span<const std::byte> bytes,
                               TimePoint deadline) {
  const Reply request = answer(wire::DmaAccess{address, bytes.size()}, bytes);
  // QEMU's answer has no body, the specification's has one: nothing in it is needed.
  TRY(ask_(wire::dma_write, request.body, deadline));
  return {};
}

Result<void> GuestMemory::fetch(std::uint64_t address, std::span<std::byte> bytes,
                                TimePoint deadline) {
  const Reply request = answer(wire::DmaAccess{address, bytes.size()});
  TRY_ASSIGN(const Message reply, ask_(wire::dma_read, request.body, deadline));
  const auto got = head<wire::DmaAccess>(reply.body);
  if (!got || got->address != address || got->count != bytes.size() ||
      reply.body.size() != sizeof *got + bytes.size())
    return fail(Errc::protocol, "the client was asked for {} bytes of memory and sent {}",
                bytes.size(), reply.body.size());
  std::memcpy(bytes.data(), reply.body.data() + sizeof *got, bytes.size());
  return {};
}

}  // namespace quiesce::vfio_user
