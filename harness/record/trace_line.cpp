// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/trace_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "harness/base/text.hpp"

namespace quiesce::record {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/// Takes what satisfies `wanted` off the front.
template <class Wanted>
std::string_view take_while(std::string_view& text, Wanted wanted) {
  const auto end = std::ranges::find_if_not(text, wanted);
  const auto length = static_cast<std::size_t>(end - text.begin());
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
std::optional<Number> number(std::string_view digits, int base = 10) {
  Number value{};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// A run of one to nine digits after a point, as a part of a second.
double fraction(std::string_view digits) {
  double value = 0;
  double weight = 0.1;
  for (const char digit : digits.substr(0, 9)) {
    value += weight * (digit - '0');
    weight /= 10;
  }
  return value;
}

/// "6719@1795413351.447672:"
std::optional<double> take_pid_and_time(std::string_view& text) {
  std::string_view rest = text;
  if (take_while(rest, is_digit).empty() || !take(rest, "@")) return std::nullopt;
  const auto seconds = number<std::uint64_t>(take_while(rest, is_digit));
  if (!seconds || !take(rest, ".")) return std::nullopt;
  const std::string_view micros = take_while(rest, is_digit);
  if (micros.empty() || !take(rest, ":")) return std::nullopt;
  text = rest;
  return static_cast<double>(*seconds) + fraction(micros);
}

/// "2026-01-31T12:00:00.123456Z ", UTC; the fraction may be missing.
std::optional<double> take_iso_time(std::string_view& text) {
  constexpr std::array<std::pair<std::size_t, std::string_view>, 6> shape{
      {{4, "-"}, {2, "-"}, {2, "T"}, {2, ":"}, {2, ":"}, {2, ""}}};
  std::array<unsigned, shape.size()> parts{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto [width, after] = shape.at(i);
    const auto part = number<unsigned>(rest.substr(0, width));
    if (!part || rest.size() < width) return std::nullopt;
    parts.at(i) = *part;
    rest.remove_prefix(width);
    if (!take(rest, after)) return std::nullopt;
  }
  const double part = take(rest, ".") ? fraction(take_while(rest, is_digit)) : 0;
  if (!take(rest, "Z ")) return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(parts[0])), month(parts[1]), day(parts[2])};
  if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
  text = rest;
  const auto whole = sys_days(date) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]);
  return static_cast<double>(duration_cast<seconds>(whole.time_since_epoch()).count()) + part;
}

/// "[name] ", "program: ", "(12:main): "
void skip_message_prefix(std::string_view& text) {
  const auto skip_to = [&](std::string_view end) {
    const std::size_t at = text.find(end);
    if (at != std::string_view::npos) text.remove_prefix(at + end.size());
  };
  if (text.starts_with('[')) skip_to("] ");
  const std::size_t blank = text.find(' ');
  if (blank != std::string_view::npos && blank > 1 && text[blank - 1] == ':' && text[0] != '(')
    text.remove_prefix(blank + 1);
  if (text.starts_with('(')) skip_to("): ");
}

std::optional<std::uint32_t> take_hex(std::string_view& text) {
  if (!take(text, "0x")) return std::nullopt;
  const auto digits =
      take_while(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
  return number<std::uint32_t>(digits, 16);
}

}  // namespace

std::optional<TraceLine> parse_trace_line(std::string_view line) {
  TraceLine parsed;
  parsed.realtime = take_pid_and_time(line);
  if (!parsed.realtime) {
    parsed.realtime = take_iso_time(line);
    skip_message_prefix(line);
  }
  const std::string_view event = take_while(line, is_word);
  if (event.empty() || is_digit(event[0]) || (!line.empty() && line[0] != ' ')) return std::nullopt;
  parsed.event = event;
  parsed.arguments = trim(line);
  return parsed;
}

std::optional<PciCfgWrite> parse_pci_cfg_write(std::string_view arguments) {
  PciCfgWrite write;
  const auto not_blank = [](char c) { return c != ' '; };
  write.device = take_while(arguments, not_blank);
  if (write.device.empty() || !take(arguments, " ")) return std::nullopt;
  const auto address = parse_pci_address(take_while(arguments, not_blank));
  if (!address || !take(arguments, " @")) return std::nullopt;
  write.address = *address;
  const auto offset = take_hex(arguments);
  if (!offset || *offset > 0xfff || !(take(arguments, " <- ") || take(arguments, " -> ")))
    return std::nullopt;
  const auto value = take_hex(arguments);
  if (!value || !arguments.empty()) return std::nullopt;
  write.offset = static_cast<std::uint16_t>(*offset);
  write.value = *value;
  return write;
}

std::optional<ApicDelivery> parse_apic_delivery(std::string_view arguments) {
  const auto take_number = [&](std::string_view word) -> std::optional<unsigned> {
    if (!take(arguments, word)) return std::nullopt;
    return number<unsigned>(take_while(arguments, is_digit));
  };
  ApicDelivery delivery;
  const auto dest = take_number("dest ");
  const auto dest_mode = take_number(" dest_mode ");
  const auto delivery_mode = take_number(" delivery_mode ");
  const auto vector = take_number(" vector ");
  const auto trigger_mode = take_number(" trigger_mode ");
  if (!dest || !dest_mode || !delivery_mode || !vector || !trigger_mode || !arguments.empty())
    return std::nullopt;
  // Fixed and lowest priority; the others carry none (Intel SDM volume 3, 11.6.1).
  constexpr unsigned lowest_priority = 1;
  if (*delivery_mode > lowest_priority) return std::nullopt;
  return ApicDelivery{fmt::format("dest {} dest_mode {}", *dest, *dest_mode), *vector};
}

}  // namespace quiesce::record
