// SPDX-License-Identifier: GPL-2.0-or-later
// What one JSON value must be: the test of a value and its published schema come from the same
// description.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/load.hpp"

namespace quiesce::scenario {

/// A form that a text must have. `pattern` is for the schema and for people, `matches` decides.
struct Form {
  const char* pattern;
  bool (*matches)(std::string_view text);
};

/// Names of devices, [a-z][a-z0-9-]{0,22}: they become QEMU ids, tags and file names.
extern const Form device_name_form;
/// The same, or nothing.
extern const Form port_name_form;
/// Also that of a device with "-port" behind it.
extern const Form planned_port_name_form;
/// Names of scenarios: file names without a blank.
extern const Form scenario_name_form;
/// Names of profiles, modules, drivers and QEMU objects.
extern const Form word_form;
extern const Form optional_word_form;
/// "0x2810", a register's offset: below 4 GiB and a multiple of 4.
extern const Form register_form;
extern const Form mac_form;
extern const Form pci_address_form;
/// 64 hexadecimal digits, or nothing.
extern const Form sha256_form;

struct Shape {
  enum class Kind { boolean, whole, number, text, prose, size, duration, choice, texts, object };

  Kind kind = Kind::text;
  /// whole, number: the value; size: bytes; duration: seconds; text: bytes; texts: entries.
  double least = 0;
  double most = 0;
  std::vector<std::string> choices = {};  ///< for choice, and for texts with known words
  const Form* form = nullptr;             ///< for text and texts

  /// "a whole number from 1 to 64": what a diagnostic says was expected.
  std::string expected() const;
  /// What is wrong with `value`: "expected ..., found ...". nullopt: nothing.
  std::optional<std::string> wrong(const nlohmann::json& value) const;
  nlohmann::json schema() const;
};

namespace shape {
Shape boolean();
Shape whole(std::int64_t least, std::int64_t most);
Shape number(double least, double most);
/// One line of valid UTF-8 without control characters.
Shape text(std::size_t least, std::size_t most, const Form* form = nullptr);
/// Any string.
Shape prose(std::size_t most);
/// A multiple of 1 MiB.
Shape size(Bytes least, Bytes most);
Shape duration(Seconds least, Seconds most);
Shape choice(std::vector<std::string> choices);
Shape texts(std::size_t most, const Form* form = nullptr);
Shape texts_of(std::vector<std::string> choices);
/// Any object; who reads it looks further.
Shape object();
/// What a check's parameter must be.
Shape parameter(const ParameterSpec& spec);
}  // namespace shape

/// Exactly as the loader reads it back: "1GiB", "12345".
std::string write_bytes(Bytes size);
std::string write_duration(Seconds time);

}  // namespace quiesce::scenario
