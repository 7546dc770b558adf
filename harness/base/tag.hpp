// SPDX-License-Identifier: GPL-2.0-or-later
// Tags: what the harness feeds a device says where it came from, wherever it lands in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quiesce {

/// What the tagged bytes are.
enum class TagKind : std::uint8_t {
  frame = 1,         ///< a network frame from the harness to the guest
  disk_block = 2,    ///< a block as the harness laid it on a disk
  guest_write = 3,   ///< a block that the agent wrote to a disk
  guest_frame = 4,   ///< a network frame that the agent sent
  device_write = 5,  ///< what a device model writes into memory by itself
};

/// The 64-byte unit that tagged data is made of, little endian:
///   0 magic "QSTAG\x01\r\n"   8 kind   9 length of name   10 reserved (2)   12 offset of this unit
///   in its item 16 sequence number   24 block number   32 device name, zero padded (24)   56 seed
///   (4)   60 CRC-32 of 0..59
/// A device name longer than 24 bytes is cut.
struct Tag {
  static constexpr std::size_t size = 64;
  static constexpr std::size_t longest_name = 24;

  TagKind kind = TagKind::frame;
  std::string device;
  std::uint64_t sequence = 0;  ///< counts items of one kind and device from 0
  std::uint64_t block = 0;     ///< 512-byte block on the disk; 0 for frames
  std::uint32_t offset = 0;    ///< of this unit in its frame or block, bytes
  std::uint32_t seed = 0;      ///< of the run: tags of another run are foreign

  bool operator==(const Tag&) const = default;
};

/// Fills `item` with tags, each with its own offset; a rest shorter than a tag becomes the offset's
/// low byte repeated.
void fill_tagged(std::span<std::byte> item, Tag tag);

/// The tag at the start of `bytes`, when magic, CRC and kind hold.
std::optional<Tag> read_tag(std::span<const std::byte> bytes);

/// All tags in `bytes`, at any alignment.
std::vector<Tag> find_tags(std::span<const std::byte> bytes);

/// Whether `item` is exactly what fill_tagged makes of `tag`.
bool is_tagged(std::span<const std::byte> item, const Tag& tag);

}  // namespace quiesce
