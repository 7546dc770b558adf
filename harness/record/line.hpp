// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of the .ndjson files that the harness writes: each carries its number in the file and a
// checksum of its own, so that what is missing or changed shows without the seal too.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace quiesce::record {

/// The keys of the number, from 1, and of the checksum, which comes last in its line.
inline constexpr const char* number_key = "n";
inline constexpr const char* checksum_key = "c";

/// The object as a line with its line feed: `"n": number` is added, and `"c"`, the CRC-32 of the
/// line as it is without it, in eight hexadecimal digits. Text that is no UTF-8 is replaced.
std::string numbered_line(nlohmann::json object, std::uint64_t number);

/// What a line's checksum says: nullopt when it carries none. `line` is without its line feed.
std::optional<bool> checksum_fits(std::string_view line);

}  // namespace quiesce::record
