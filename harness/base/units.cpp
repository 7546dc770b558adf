// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace quiesce {

Result<Bytes> parse_bytes(std::string_view text) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  constexpr std::array<std::pair<std::string_view, unsigned>, 11> units{{{"", 0},
                                                                         {"B", 0},
                                                                         {"K", 10},
                                                                         {"KiB", 10},
                                                                         {"k", 10},
                                                                         {"M", 20},
                                                                         {"MiB", 20},
                                                                         {"G", 30},
                                                                         {"GiB", 30},
                                                                         {"T", 40},
                                                                         {"TiB", 40}}};
  if (error == std::errc())
    for (const auto& [name, shift] : units)
      if (name == unit && number <= (std::numeric_limits<std::uint64_t>::max() >> shift))
        return Bytes{number << shift};
  return fail(Errc::invalid_input,
              "\"{}\" is no size; write a whole number and a unit, as in \"256MiB\"", text);
}

std::string format_bytes(Bytes size) {
  constexpr std::array<const char*, 5> names{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto number = static_cast<double>(size.value);
  // What one decimal would show as 1024.0 belongs to the next unit.
  while (number >= (unit == 0 ? 1024 : 1023.95) && unit + 1 < names.size()) {
    number /= 1024;
    ++unit;
  }
  if (size.value == 1) return "1 byte";
  if (number == std::floor(number)) return fmt::format("{:.0f} {}", number, names.at(unit));
  return fmt::format("{:.1f} {}", number, names.at(unit));
}

Result<Seconds> parse_duration(std::string_view text) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  constexpr std::array<std::pair<std::string_view, double>, 4> units{
      {{"ms", 1e-3}, {"s", 1.0}, {"min", 60.0}, {"h", 3600.0}}};
  if (error == std::errc() && number >= 0 && number < 1e9)
    for (const auto& [name, factor] : units)
      if (name == unit) return Seconds(number * factor);
  return fail(Errc::invalid_input,
              "\"{}\" is no duration; write a number and ms, s, min or h, as in \"2s\"", text);
}

std::string format_duration(Seconds time) {
  if (std::abs(time.count()) < 0.9995) return fmt::format("{:.0f} ms", time.count() * 1000);
  return fmt::format("{:.1f} s", time.count());
}

Result<std::uint64_t> parse_number(std::string_view text) {
  std::string_view digits = text;
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    digits.remove_prefix(2);
    base = 16;
  }
  std::uint64_t number = 0;
  const auto [rest, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (error != std::errc() || rest != digits.data() + digits.size() || digits.empty())
    return fail(Errc::invalid_input, "\"{}\" is no number", text);
  return number;
}

}  // namespace quiesce
