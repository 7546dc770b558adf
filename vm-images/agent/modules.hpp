// SPDX-License-Identifier: GPL-2.0-or-later
// Loading kernel modules without modprobe: the image lists what each name needs, in order.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vm-images/agent/watch.hpp"

namespace quiesce::agent {

/// /modules/order.json: {"requested": ["dependency", ..., "requested"]}.
struct ModulePlan {
  std::vector<std::string> order;    ///< each once, dependencies first
  std::vector<std::string> unknown;  ///< asked for, but not in the image
};
/// Fails with invalid_input when `order` is not of the shape above.
Result<ModulePlan> plan_modules(const Json& order, const std::vector<std::string>& names);

/// The answer to `modules`.
Result<Json> load_modules(Link& link, Watch& watch, const Request& request);

}  // namespace quiesce::agent
