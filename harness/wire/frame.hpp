// SPDX-License-Identifier: GPL-2.0-or-later
// The frames between harness and agent: versioned, checked, and able to find themselves again after
// noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quiesce::wire {

/// Version of frame and messages. A peer that sends another is reported, not guessed at.
inline constexpr std::uint8_t version = 1;
inline constexpr std::size_t header_size = 20;
inline constexpr std::size_t longest_payload = 1U << 20;

enum class Kind : std::uint8_t {
  request = 1,   ///< harness to agent
  response = 2,  ///< agent to harness; carries the sequence number of its request
  event = 3,     ///< agent to harness, unasked
};

/// On the wire, little endian: magic A5 'Q' 'S' 'C', version (1), kind (1), zero (2), sequence (4),
/// payload length (4), CRC-32 of the 16 bytes before it (4); then the payload (UTF-8 JSON) and its
/// CRC-32 (4).
struct Frame {
  Kind kind = Kind::event;
  std::uint32_t sequence = 0;
  std::string payload;
  bool operator==(const Frame&) const = default;
};

std::string encode(const Frame& frame);

/// Takes bytes as they come, in any pieces, and gives back whole frames. What belongs to no frame
/// is counted. A frame whose sender died in the middle of it is given up as soon as another header
/// comes: a payload is JSON, which holds no zero bytes, so it cannot hold a header. Memory is
/// bounded by the longest frame when next() is called until it is false after each feed().
class Decoder {
 public:
  void feed(std::string_view bytes);
  /// The next whole frame into `frame`; false when there is none yet.
  bool next(Frame& frame);

  /// Bytes that were no part of a good frame.
  std::uint64_t noise() const { return noise_; }
  /// Headers that were good but of another version.
  std::uint64_t foreign_versions() const { return foreign_versions_; }

 private:
  void drop(std::size_t count);
  bool abandon_truncated();

  std::string buffer_;
  std::size_t searched_ =
      0;  ///< up to here no other header begins in the payload that is still coming
  std::uint64_t noise_ = 0;
  std::uint64_t foreign_versions_ = 0;
};

}  // namespace quiesce::wire
