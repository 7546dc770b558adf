// SPDX-License-Identifier: GPL-2.0-or-later
// The first virtual terminal: its font, what the kernel believes is on it, writing to it, its
// keyboard.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

inline constexpr const char* console_node = "/dev/tty1";

/// The answers to `font`, `screen-text` and `write-console`.
Result<Json> read_font(const Request& request);
Result<Json> read_screen(const Request& request);
Result<Json> write_console(const Request& request);
/// Starts to send what is typed, for the request's `seconds`.
Result<Json> watch_keys(Link& link, const Request& request);

/// The lines that the console test writes: a heading with the device's name and all printable
/// ASCII.
std::vector<std::string> marker_lines(const std::string& device);

/// Glyphs as KDFONTOP gives them (32 rows each) cut to `height` rows.
std::vector<std::byte> pack_glyphs(std::span<const std::byte> raw, unsigned width, unsigned height,
                                   unsigned count);

/// Cells of /dev/vcsu (UTF-32, host order) as UTF-8; what is no code point becomes U+FFFD.
std::string cells_to_utf8(std::span<const std::uint32_t> cells);

}  // namespace quiesce::agent
