// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's build configuration.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace quiesce::builder {

using Config = std::map<std::string, std::string>;

/// From the text of a .config: "CONFIG_X=y" gives {"CONFIG_X", "y"}; strings lose their quotes,
/// what is not set is not in the map.
Config parse_config(std::string_view text);

}  // namespace quiesce::builder
