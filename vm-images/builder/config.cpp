// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/builder/config.hpp"

#include "harness/base/text.hpp"

namespace quiesce::builder {

Config parse_config(std::string_view text) {
  Config config;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t equals = line.find('=');
    if (!line.starts_with("CONFIG_") || equals == std::string_view::npos) continue;
    std::string_view value = line.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    config.emplace(line.substr(0, equals), value);
  }
  return config;
}

}  // namespace quiesce::builder
