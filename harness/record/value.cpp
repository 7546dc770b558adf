// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/value.hpp"

#include <fmt/format.h>

#include <cmath>

#include "harness/base/text.hpp"
#include "harness/base/units.hpp"

namespace quiesce::record {

namespace {

constexpr double beyond = 9223372036854775808.0;  // 2^63: what a cast can hold for sure

std::string address_text(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

}  // namespace

Json written(bool value) {
  return value;
}
Json written(double value) {
  return value;
}
Json written(int value) {
  return value;
}
Json written(std::int64_t value) {
  return value;
}
Json written(std::uint64_t value) {
  return value;
}
Json written(const std::string& value) {
  return value;
}
Json written(const Address& value) {
  return address_text(value.value);
}
Json written(const AddressRange& value) {
  // Two texts in braces alone would be an object with a key and a value.
  return Json::array({address_text(value.begin), address_text(value.end)});
}
Json written(const Words& value) {
  return value.list;
}
Json written(const Word& value) {
  return value.number ? Json::parse(value.text, nullptr, false) : Json(value.text);
}
Json written(const Json& value) {
  return value;
}

bool take(const Json& value, bool& into) {
  if (!value.is_boolean()) return false;
  into = value.get<bool>();
  return true;
}

bool take(const Json& value, double& into) {
  if (!value.is_number()) return false;
  const auto number = value.get<double>();
  if (!std::isfinite(number)) return false;
  into = number;
  return true;
}

bool take(const Json& value, std::int64_t& into) {
  double number = 0;
  if (!take(value, number) || number < -beyond || number >= beyond) return false;
  if (value.is_number_integer()) {
    into = value.get<std::int64_t>();
    return true;
  }
  const auto whole = static_cast<std::int64_t>(number);
  if (static_cast<double>(whole) != number) return false;
  into = whole;
  return true;
}

bool take(const Json& value, int& into) {
  std::int64_t whole = 0;
  if (!take(value, whole) || whole < INT32_MIN || whole > INT32_MAX) return false;
  into = static_cast<int>(whole);
  return true;
}

bool take(const Json& value, std::uint64_t& into) {
  if (value.is_number_unsigned()) {
    into = value.get<std::uint64_t>();
    return true;
  }
  double number = 0;
  if (!take(value, number) || !(number >= 0) || number >= beyond) return false;
  const auto whole = static_cast<std::uint64_t>(number);
  if (static_cast<double>(whole) != number) return false;
  into = whole;
  return true;
}

bool take(const Json& value, std::string& into) {
  if (!value.is_string()) return false;
  into = printable(value.get_ref<const std::string&>());
  return true;
}

bool take(const Json& value, Address& into) {
  std::string text;
  if (!take(value, text)) return false;
  const auto number = parse_number(text);
  if (!number) return false;
  into.value = *number;
  return true;
}

bool take(const Json& value, AddressRange& into) {
  Address begin;
  Address end;
  if (!value.is_array() || value.size() != 2 || !take(value[0], begin) || !take(value[1], end))
    return false;
  into = {begin.value, end.value};
  return true;
}

bool take(const Json& value, Words& into) {
  std::string one;
  if (take(value, one)) {
    into.list = {std::move(one)};
    return true;
  }
  if (!value.is_array()) return false;
  into.list.clear();
  bool all = true;
  for (const Json& item : value) {
    if (take(item, one))
      into.list.push_back(one);
    else
      all = false;
  }
  return all;
}

bool take(const Json& value, Word& into) {
  if (take(value, into.text)) {
    into.number = false;
    return true;
  }
  std::uint64_t number = 0;
  if (!take(value, number)) return false;
  into = Word::of(number);
  return true;
}

bool take(const Json& value, Json& into) {
  into = value;
  return true;
}

}  // namespace quiesce::record
