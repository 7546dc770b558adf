// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/tag.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "harness/base/text.hpp"

namespace quiesce {

namespace {

constexpr std::string_view magic("QSTAG\x01\r\n", 8);

constexpr unsigned first_kind = static_cast<unsigned>(TagKind::frame);
constexpr unsigned last_kind = static_cast<unsigned>(TagKind::device_write);

template <class Number>
void put(std::span<std::byte> bytes, std::size_t at, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i)
    bytes[at + i] = static_cast<std::byte>(number >> (8 * i));
}

template <class Number>
Number get(std::span<const std::byte> bytes, std::size_t at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number |= static_cast<Number>(std::to_integer<Number>(bytes[at + i]) << (8 * i));
  return number;
}

void encode(std::span<std::byte> unit, const Tag& tag) {
  std::ranges::fill(unit, std::byte{0});
  std::memcpy(unit.data(), magic.data(), magic.size());
  const std::size_t length = std::min(tag.device.size(), Tag::longest_name);
  unit[8] = static_cast<std::byte>(tag.kind);
  unit[9] = static_cast<std::byte>(length);
  put(unit, 12, tag.offset);
  put(unit, 16, tag.sequence);
  put(unit, 24, tag.block);
  std::memcpy(unit.data() + 32, tag.device.data(), length);
  put(unit, 56, tag.seed);
  put(unit, 60, crc32(unit.first(60)));
}

}  // namespace

void fill_tagged(std::span<std::byte> item, Tag tag) {
  std::size_t at = 0;
  for (; at + Tag::size <= item.size(); at += Tag::size) {
    tag.offset = static_cast<std::uint32_t>(at);
    encode(item.subspan(at, Tag::size), tag);
  }
  std::ranges::fill(item.subspan(at), static_cast<std::byte>(at));
}

std::optional<Tag> read_tag(std::span<const std::byte> bytes) {
  if (bytes.size() < Tag::size || std::memcmp(bytes.data(), magic.data(), magic.size()) != 0)
    return std::nullopt;
  const auto kind = std::to_integer<unsigned>(bytes[8]);
  const auto length = std::to_integer<std::size_t>(bytes[9]);
  if (kind < first_kind || kind > last_kind || length > Tag::longest_name ||
      get<std::uint32_t>(bytes, 60) != crc32(bytes.first(60)))
    return std::nullopt;
  return Tag{.kind = static_cast<TagKind>(kind),
             .device = std::string(reinterpret_cast<const char*>(bytes.data() + 32), length),
             .sequence = get<std::uint64_t>(bytes, 16),
             .block = get<std::uint64_t>(bytes, 24),
             .offset = get<std::uint32_t>(bytes, 12),
             .seed = get<std::uint32_t>(bytes, 56)};
}

std::vector<Tag> find_tags(std::span<const std::byte> bytes) {
  std::vector<Tag> tags;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (std::size_t at = text.find(magic); at != std::string_view::npos;) {
    const auto tag = read_tag(bytes.subspan(at));
    if (tag) tags.push_back(*tag);
    at = text.find(magic, at + (tag ? Tag::size : 1));
  }
  return tags;
}

bool is_tagged(std::span<const std::byte> item, const Tag& tag) {
  std::vector<std::byte> expected(item.size());
  fill_tagged(expected, tag);
  return std::ranges::equal(item, expected);
}

}  // namespace quiesce
