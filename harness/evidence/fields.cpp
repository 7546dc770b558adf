// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/fields.hpp"

#include <algorithm>

#include "harness/base/text.hpp"
#include "harness/base/units.hpp"
#include "harness/scenario/json_text.hpp"

namespace quiesce::evidence {

const nlohmann::json& member_of(const nlohmann::json& object, const std::string& key) {
  static const nlohmann::json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

const nlohmann::json& list_of(const nlohmann::json& object, const std::string& key) {
  static const nlohmann::json empty = nlohmann::json::array();
  const auto& member = member_of(object, key);
  return member.is_array() ? member : empty;
}

nlohmann::json parsed(std::string_view text) {
  nlohmann::json value = nlohmann::json::parse(text, nullptr, false);
  const auto opens = std::ranges::count_if(text, [](char c) { return c == '[' || c == '{'; });
  // Nearly all texts have too few of them to be deep.
  constexpr std::ptrdiff_t few = 32;
  if (opens > few && !scenario::is_shallow(value))
    return nlohmann::json(nlohmann::json::value_t::discarded);
  return value;
}

std::string text_of(const nlohmann::json& object, const std::string& key) {
  const auto& member = member_of(object, key);
  return member.is_string() ? printable(member.get_ref<const std::string&>()) : std::string();
}

std::optional<double> number_of(const nlohmann::json& object, const std::string& key) {
  const auto& member = member_of(object, key);
  if (!member.is_number()) return std::nullopt;
  return member.get<double>();
}

std::optional<std::uint64_t> whole_of(const nlohmann::json& object, const std::string& key) {
  const auto& member = member_of(object, key);
  if (member.is_number_unsigned()) return member.get<std::uint64_t>();
  const auto number = number_of(object, key);
  constexpr double beyond = 9223372036854775808.0;  // 2^63: what a cast can hold for sure
  if (!number || !(*number >= 0) || *number >= beyond) return std::nullopt;
  const auto whole = static_cast<std::uint64_t>(*number);
  if (static_cast<double>(whole) != *number) return std::nullopt;
  return whole;
}

std::optional<bool> flag_of(const nlohmann::json& object, const std::string& key) {
  const auto& member = member_of(object, key);
  if (!member.is_boolean()) return std::nullopt;
  return member.get<bool>();
}

std::optional<std::uint64_t> address_of(const nlohmann::json& object, const std::string& key) {
  const auto number = parse_number(text_of(object, key));
  if (!number) return std::nullopt;
  return *number;
}

}  // namespace quiesce::evidence
