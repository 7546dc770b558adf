// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel knows of one PCI function and made of it: for a device that has no profile yet.
#pragma once

#include <filesystem>

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// Of the function's folder in sysfs; `classes` is /sys/class. What is missing is empty.
Json function_facts(const std::filesystem::path& folder, const std::filesystem::path& classes);

/// The answer to `function`; not_found when sysfs has no such function.
Result<Json> describe_function(const Request& request);

}  // namespace quiesce::agent
