// SPDX-License-Identifier: GPL-2.0-or-later
// What the capture kernel's log says of a device's driver that did not do well.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/checks/support.hpp"

namespace quiesce::checks {

/// The capture kernel's lines about the device that tell of trouble: serial line and kernel log,
/// each once.
std::vector<std::string> trouble_lines(const evidence::Run& run, const Story& story,
                                       const scenario::PlannedDevice& device);
/// drivers/base/dd.c, driver_probe: "e1000e: probe of 0000:00:02.0 failed with error -5", since 6.6
/// "e1000e 0000:00:02.0: probe with driver e1000e failed with error -5". Not with an error that
/// says that something did not answer in time. A line may name the driver for another device, or
/// another driver for this one.
bool says_that_probe_failed(const std::string& line, const scenario::PlannedDevice& device);
/// Drivers have many numbers for what did not answer in time; their words before it tell.
bool is_of_waiting(std::string_view line);

}  // namespace quiesce::checks
