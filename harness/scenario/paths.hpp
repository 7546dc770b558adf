// SPDX-License-Identifier: GPL-2.0-or-later
// Places that a user names: "machine.cpus", "/machine/cpus", "devices.nic0.activity.rate",
// "checks.dma.stopped".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/report.hpp"

namespace quiesce::scenario {

/// A value put into a document.
struct Placed {
  std::string target;   ///< JSON pointer of the value
  std::string created;  ///< the topmost place that was not there before, else target
};

/// Puts `value` where the path `text` leads, making what is missing on the way. `check_names`
/// contain dots of their own. A path that leads nowhere is an error, and the document stays as it
/// was. Devices are found by number or name.
tl::expected<Placed, std::string> put(nlohmann::json& document, std::string_view text,
                                      nlohmann::json value,
                                      std::span<const std::string> check_names);

/// The names of the devices of a document, those included that it does not give: profile and the
/// lowest free number ("nvme0", "vmxnet3-0"). An entry without a usable name or profile gives an
/// empty one.
std::vector<std::string> device_names(const nlohmann::json& devices);

}  // namespace quiesce::scenario
