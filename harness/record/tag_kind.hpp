// SPDX-License-Identifier: GPL-2.0-or-later
// The words for tag kinds in dma.ndjson.
#pragma once

#include <string>
#include <string_view>

#include "harness/base/tag.hpp"

namespace quiesce::record {

/// "frame", "disk_block", "guest_write", "guest_frame"; any other value is "unknown-N".
std::string to_string(TagKind kind);
/// The reverse; nullopt for other words.
std::optional<TagKind> tag_kind_from(std::string_view word);

}  // namespace quiesce::record
