// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/tag_kind.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace quiesce::record {

namespace {

constexpr std::array<std::pair<TagKind, std::string_view>, 5> words{{
    {TagKind::frame, "frame"},
    {TagKind::disk_block, "disk_block"},
    {TagKind::guest_write, "guest_write"},
    {TagKind::guest_frame, "guest_frame"},
    {TagKind::device_write, "device_write"},
}};

}  // namespace

std::string to_string(TagKind kind) {
  for (const auto& [known, word] : words)
    if (known == kind) return std::string(word);
  return fmt::format("unknown-{}", static_cast<unsigned>(kind));
}

std::optional<TagKind> tag_kind_from(std::string_view word) {
  for (const auto& [kind, known] : words)
    if (known == word) return kind;
  return std::nullopt;
}

}  // namespace quiesce::record
