// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/wav.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace quiesce::record {

namespace {

struct Format {
  int channels = 0;
  int rate = 0;
  int bits = 0;
};

/// Little endian, zero beyond the end.
std::uint32_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t width) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i)
    value |= std::to_integer<std::uint32_t>(bytes[at + i]) << (8 * i);
  return value;
}

bool is(std::span<const std::byte> bytes, std::size_t at, std::string_view word) {
  return bytes.size() >= at + word.size() &&
         std::memcmp(bytes.data() + at, word.data(), word.size()) == 0;
}

Result<Format> read_format(std::span<const std::byte> body) {
  if (body.size() < 16)
    return fail(Errc::invalid_input, "the WAV format has only {} bytes", body.size());
  const std::uint32_t coding = number(body, 0, 2);
  const std::uint32_t channels = number(body, 2, 2);
  const std::uint32_t rate = number(body, 4, 4);
  const std::uint32_t bits = number(body, 14, 2);
  const bool known =
      coding == 1 && channels >= 1 && channels <= 8 && rate >= 1000 && rate <= 192000;
  if (!known || (bits != 8 && bits != 16))
    return fail(Errc::invalid_input, "WAV of coding {}, {} channels, {} Hz, {} bits", coding,
                channels, rate, bits);
  return Format{.channels = static_cast<int>(channels),
                .rate = static_cast<int>(rate),
                .bits = static_cast<int>(bits)};
}

/// 8-bit samples are unsigned, 16-bit ones signed.
int sample(std::span<const std::byte> data, std::size_t at, int bits) {
  if (bits == 16) return static_cast<std::int16_t>(number(data, at, 2));
  return (static_cast<int>(number(data, at, 1)) - 128) * 256;
}

Sound decode(std::span<const std::byte> data, const Format& format) {
  const auto width = static_cast<std::size_t>(format.bits / 8);
  const std::size_t frame = width * static_cast<std::size_t>(format.channels);
  Sound sound{.rate = format.rate};
  sound.samples.reserve(data.size() / frame);
  for (std::size_t at = 0; at + frame <= data.size(); at += frame) {
    int sum = 0;
    for (std::size_t channel = 0; channel < frame; channel += width)
      sum += sample(data, at + channel, format.bits);
    sound.samples.push_back(static_cast<std::int16_t>(sum / format.channels));
  }
  return sound;
}

}  // namespace

Result<Sound> read_wav(std::span<const std::byte> file) {
  if (!is(file, 0, "RIFF") || !is(file, 8, "WAVE"))
    return fail(Errc::invalid_input, "this is no WAV file");
  std::optional<Format> format;
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t body = at + 8;
    const std::size_t said = number(file, at + 4, 4);
    const std::size_t there = file.size() - body;
    const std::size_t length = std::min(said, there);
    if (is(file, at, "fmt ")) {
      TRY_ASSIGN(format, read_format(file.subspan(body, length)));
    } else if (is(file, at, "data")) {
      if (!format) return fail(Errc::invalid_input, "the WAV data come before their format");
      return decode(file.subspan(body, said == 0 ? there : length), *format);
    }
    at = body + length + length % 2;  // chunks are padded to even lengths
  }
  return fail(Errc::invalid_input, "the WAV file has no data");
}

}  // namespace quiesce::record
