// SPDX-License-Identifier: GPL-2.0-or-later
// What the fields of a record can be, and how each is written as JSON and read back. Reading trusts
// nobody: a value of another type is refused, nothing throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace quiesce::record {

using Json = nlohmann::json;

/// An address; written as a text, "0x1f2e", for JSON numbers are exact only up to 2^53.
struct Address {
  std::uint64_t value = 0;
};

/// Begin and end, the end not included; written as ["0x1000", "0x2000"].
struct AddressRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// A field that says something by being null; one that is not `said` is left out.
template <class T>
struct OrNull {
  bool said = false;
  std::optional<T> value;

  OrNull() = default;
  OrNull(std::optional<T> now) : said(true), value(std::move(now)) {}  // NOLINT: as optional does
};

/// A list of texts; one text alone is read as a list of it.
struct Words {
  std::vector<std::string> list;
};

/// A text; a whole number is read as one, and written as the number that it was.
struct Word {
  std::string text;
  bool number = false;

  static Word of(std::uint64_t value) { return {std::to_string(value), true}; }
};

Json written(bool value);
Json written(double value);
Json written(int value);
Json written(std::int64_t value);
Json written(std::uint64_t value);
Json written(const std::string& value);
Json written(const Address& value);
Json written(const AddressRange& value);
Json written(const Words& value);
Json written(const Word& value);
Json written(const Json& value);

/// Each puts the value into `into` and returns whether it was of the type; `into` is left alone
/// when not.
bool take(const Json& value, bool& into);
/// Any number that can be calculated with.
bool take(const Json& value, double& into);
bool take(const Json& value, int& into);
bool take(const Json& value, std::int64_t& into);
/// A non-negative whole number, also one that is written as 3.0; none beyond 2^63 in a fraction.
bool take(const Json& value, std::uint64_t& into);
/// Without parts that a terminal must not see.
bool take(const Json& value, std::string& into);
bool take(const Json& value, Address& into);
bool take(const Json& value, AddressRange& into);
bool take(const Json& value, Words& into);
bool take(const Json& value, Word& into);
/// Anything, as it is.
bool take(const Json& value, Json& into);

/// The words of docs/run-directory.md for a type.
template <class T>
struct TypeWord;
template <>
struct TypeWord<bool> {
  static std::string word() { return "true or false"; }
};
template <>
struct TypeWord<double> {
  static std::string word() { return "number"; }
};
template <>
struct TypeWord<int> {
  static std::string word() { return "whole number"; }
};
template <>
struct TypeWord<std::int64_t> {
  static std::string word() { return "whole number"; }
};
template <>
struct TypeWord<std::uint64_t> {
  static std::string word() { return "whole number"; }
};
template <>
struct TypeWord<std::string> {
  static std::string word() { return "text"; }
};
template <>
struct TypeWord<Address> {
  static std::string word() { return "address"; }
};
template <>
struct TypeWord<AddressRange> {
  static std::string word() { return "[begin, end]"; }
};
template <>
struct TypeWord<Words> {
  static std::string word() { return "text, or list of texts"; }
};
template <>
struct TypeWord<Word> {
  static std::string word() { return "text or whole number"; }
};
template <>
struct TypeWord<Json> {
  static std::string word() { return "as it came"; }
};

}  // namespace quiesce::record
