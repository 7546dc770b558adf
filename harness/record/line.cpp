// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/line.hpp"

#include <fmt/format.h>
#include <zlib.h>

namespace quiesce::record {

namespace {

/// `,"c":"1a2b3c4d"}`
std::string ending_of(std::string_view open) {
  uLong crc = ::crc32(0, nullptr, 0);
  crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>(open.data()), open.size());
  crc = ::crc32_z(crc, reinterpret_cast<const Bytef*>("}"), 1);
  return fmt::format(",\"{}\":\"{:08x}\"}}", checksum_key, crc);
}

}  // namespace

std::string numbered_line(nlohmann::json object, std::uint64_t number) {
  object[number_key] = number;
  std::string line = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  line.pop_back();
  line += ending_of(line);
  return line + "\n";
}

std::optional<bool> checksum_fits(std::string_view line) {
  static const std::size_t length = ending_of({}).size();
  if (line.size() <= length) return std::nullopt;
  const std::string_view open = line.substr(0, line.size() - length);
  const std::string_view ending = line.substr(open.size());
  // What a turned bit left of the key is still told from a line that never had one.
  if (ending.find(fmt::format("\"{}\":", checksum_key)) == std::string_view::npos)
    return std::nullopt;
  return ending == ending_of(open);
}

}  // namespace quiesce::record
