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

/// What the kernel's command line says to a module: of each "MODULE.NAME=VALUE" (or without a
/// value) NAME=VALUE, with a blank between them, as modprobe hands it over. - and _ are the same in
/// a module's name; quotes are kept and may hold blanks (kernel/params.c, next_arg; modprobe(8)).
std::string module_parameters(std::string_view command_line, std::string_view module);

/// Whether modprobe.blacklist= of the command line names the module: udev then does not load it for
/// a device (modprobe.d(5)); as what another one needs it is loaded all the same.
bool is_blacklisted(std::string_view command_line, std::string_view module);

/// The answer to `modules`. A module whose load does not come back holds up no other: it has a
/// minute, or half of what is left of the request's time when that is less.
Result<Json> load_modules(Link& link, Watch& watch, const Request& request);

}  // namespace quiesce::agent
