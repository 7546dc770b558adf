// SPDX-License-Identifier: GPL-2.0-or-later
// Reading JSON that nobody vouches for: a field of another type counts as missing, nothing throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace quiesce::evidence {

/// The text as JSON; discarded when it is none, and when it is nested deeper than anything that the
/// harness writes: to copy that would take a stack as deep.
nlohmann::json parsed(std::string_view text);

/// The text without parts that a terminal must not see; empty when it is missing or no text.
std::string text_of(const nlohmann::json& object, const std::string& key);
/// Any JSON number.
std::optional<double> number_of(const nlohmann::json& object, const std::string& key);
/// A non-negative whole number, also one that is written as 3.0; nullopt beyond 2^63.
std::optional<std::uint64_t> whole_of(const nlohmann::json& object, const std::string& key);
std::optional<bool> flag_of(const nlohmann::json& object, const std::string& key);
/// An address as the project writes them: a string "0x1f2e".
std::optional<std::uint64_t> address_of(const nlohmann::json& object, const std::string& key);
/// The member, or null.
const nlohmann::json& member_of(const nlohmann::json& object, const std::string& key);
/// The array, or an empty one.
const nlohmann::json& list_of(const nlohmann::json& object, const std::string& key);

}  // namespace quiesce::evidence
