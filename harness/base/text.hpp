// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce {

/// Splits at `separator`; an empty text gives no parts.
std::vector<std::string> split(std::string_view text, char separator);

/// Without blanks at both ends.
std::string_view trim(std::string_view text);

/// Valid UTF-8 without control characters but newline and tab: what a log can hold and a terminal
/// may see. Other bytes become U+FFFD, escape sequences go.
std::string printable(std::string_view bytes);

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(std::span<const std::byte> bytes);
Result<std::vector<std::byte>> from_hex(std::string_view text);

/// RFC 4648 base 64, with padding.
std::string to_base64(std::span<const std::byte> bytes);
Result<std::vector<std::byte>> from_base64(std::string_view text);

/// CRC-32 (IEEE 802.3, reflected, 0xEDB88320); `seed` is the value so far.
std::uint32_t crc32(std::span<const std::byte> bytes, std::uint32_t seed = 0);

}  // namespace quiesce
