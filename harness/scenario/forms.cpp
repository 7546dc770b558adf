// SPDX-License-Identifier: GPL-2.0-or-later
// Forms by hand: std::regex recurses, and a hostile text is long.
#include <algorithm>

#include "harness/base/pci_config.hpp"
#include "harness/scenario/shape.hpp"

namespace quiesce::scenario {

namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

template <class Test>
bool all(std::string_view text, Test test) {
  return std::all_of(text.begin(), text.end(), test);
}

bool is_name(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most && is_lower(text[0]) &&
         all(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_device_name(std::string_view text) {
  return is_name(text, 23);
}

bool is_port_name(std::string_view text) {
  return text.empty() || is_device_name(text);
}

bool is_planned_port_name(std::string_view text) {
  return text.empty() || is_name(text, 28);
}

bool is_word_letter(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text[0] != '.' && text[0] != '-' &&
         all(text, is_word_letter);
}

bool is_optional_word(std::string_view text) {
  return text.empty() || is_word(text);
}

bool is_register(std::string_view text) {
  const auto number = parse_number(text);
  return text.starts_with("0x") && number && *number <= 0xfffffffc && *number % 4 == 0;
}

bool is_mac(std::string_view text) {
  if (text.size() != 17) return false;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (at % 3 == 2 ? text[at] != ':' : !is_hex(text[at])) return false;
  return true;
}

bool is_pci_address(std::string_view text) {
  const auto address = parse_pci_address(text);
  return address && to_string(*address) == text;
}

bool is_sha256(std::string_view text) {
  return text.empty() || (text.size() == 64 && all(text, is_hex));
}

}  // namespace

const Form device_name_form{"[a-z][a-z0-9-]{0,22}", is_device_name};
const Form port_name_form{"([a-z][a-z0-9-]{0,22})?", is_port_name};
const Form planned_port_name_form{"([a-z][a-z0-9-]{0,27})?", is_planned_port_name};
const Form scenario_name_form{"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", is_word};
const Form word_form{"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", is_word};
const Form optional_word_form{"([A-Za-z0-9_][A-Za-z0-9._-]{0,63})?", is_optional_word};
const Form register_form{"0x[0-9a-f]{1,8}", is_register};
const Form mac_form{"([0-9a-f]{2}:){5}[0-9a-f]{2}", is_mac};
const Form pci_address_form{"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]", is_pci_address};
const Form sha256_form{"([0-9a-f]{64})?", is_sha256};

}  // namespace quiesce::scenario
