// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/wire/frame.hpp"

#include <algorithm>
#include <optional>

#include "harness/base/text.hpp"

namespace quiesce::wire {

namespace {

constexpr std::string_view magic("\xa5QSC", 4);
constexpr std::size_t trailer_size = 4;
constexpr std::size_t checked_size = header_size - 4;

std::uint32_t checksum(std::string_view bytes) {
  return crc32(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

void put(std::string& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((number >> shift) & 0xff);
}

std::uint32_t get(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i)
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  return number;
}

struct Header {
  std::uint8_t version = 0;
  std::uint8_t kind = 0;
  std::uint32_t sequence = 0;
  std::uint32_t length = 0;

  bool foreign() const { return version != wire::version; }
};

/// The header at the start of `bytes`; nullopt when it is none, or none that we could obey.
std::optional<Header> read_header(std::string_view bytes) {
  if (bytes.size() < header_size || !bytes.starts_with(magic)) return std::nullopt;
  if (get(bytes, checked_size) != checksum(bytes.substr(0, checked_size))) return std::nullopt;
  const Header header{.version = static_cast<std::uint8_t>(bytes[4]),
                      .kind = static_cast<std::uint8_t>(bytes[5]),
                      .sequence = get(bytes, 8),
                      .length = get(bytes, 12)};
  if (header.foreign()) return header;  // the rest may mean something else there
  const bool known = header.kind >= static_cast<std::uint8_t>(Kind::request) &&
                     header.kind <= static_cast<std::uint8_t>(Kind::event);
  if (!known || bytes[6] != 0 || bytes[7] != 0 || header.length > longest_payload)
    return std::nullopt;
  return header;
}

/// Where the next magic begins in `bytes` from `from` on; else where one that is cut off by the end
/// may begin.
std::size_t find_magic(std::string_view bytes, std::size_t from) {
  const std::size_t found = bytes.find(magic, from);
  if (found != std::string_view::npos) return found;
  for (std::size_t length = std::min(magic.size() - 1, bytes.size() - from); length > 0; --length)
    if (bytes.ends_with(magic.substr(0, length))) return bytes.size() - length;
  return bytes.size();
}

/// Where a whole good header begins in `bytes` from `from` on, or npos.
std::size_t find_header(std::string_view bytes, std::size_t from) {
  for (std::size_t at = bytes.find(magic, from); at != std::string_view::npos;
       at = bytes.find(magic, at + 1))
    if (read_header(bytes.substr(at))) return at;
  return std::string_view::npos;
}

}  // namespace

std::string encode(const Frame& frame) {
  std::string bytes(magic);
  bytes.reserve(header_size + frame.payload.size() + trailer_size);
  bytes += static_cast<char>(version);
  bytes += static_cast<char>(frame.kind);
  bytes.append(2, '\0');
  put(bytes, frame.sequence);
  put(bytes, static_cast<std::uint32_t>(frame.payload.size()));
  put(bytes, checksum(bytes));
  bytes += frame.payload;
  put(bytes, checksum(frame.payload));
  return bytes;
}

void Decoder::feed(std::string_view bytes) {
  buffer_ += bytes;
}

void Decoder::drop(std::size_t count) {
  if (count == 0) return;
  noise_ += count;
  buffer_.erase(0, count);
  searched_ = 0;
}

bool Decoder::next(Frame& frame) {
  for (;;) {
    drop(find_magic(buffer_, 0));
    if (buffer_.size() < header_size) return false;
    const auto header = read_header(buffer_);
    if (!header) {
      drop(magic.size());
      continue;
    }
    if (header->foreign()) {
      ++foreign_versions_;
      drop(header_size);
      continue;
    }
    if (buffer_.size() < header_size + header->length + trailer_size) {
      if (!abandon_truncated()) return false;
      continue;
    }
    const auto payload = std::string_view(buffer_).substr(header_size, header->length);
    if (get(buffer_, header_size + header->length) != checksum(payload)) {
      drop(magic.size());  // not after the claimed length: a new peer's frame may be in there
      continue;
    }
    frame = {.kind = static_cast<Kind>(header->kind),
             .sequence = header->sequence,
             .payload = std::string(payload)};
    buffer_.erase(0, header_size + header->length + trailer_size);
    searched_ = 0;
    return true;
  }
}

bool Decoder::abandon_truncated() {
  const std::size_t found = find_header(buffer_, std::max(searched_, header_size));
  if (found != std::string::npos) {
    drop(found);
    return true;
  }
  // A header that is not whole yet is looked at again.
  searched_ = std::max(buffer_.size(), header_size) - (header_size - 1);
  return false;
}

}  // namespace quiesce::wire
