// SPDX-License-Identifier: GPL-2.0-or-later
// Which of a device's endings ended its stray writes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/checks/dma/strays.hpp"
#include "harness/checks/endings.hpp"

namespace quiesce::checks {

/// Which ending counts: the first that stops the device, else the first used-up ring, before or at
/// `until`. One after which the device still wrote ended nothing.
std::optional<Ending> decisive(const std::vector<Ending>& endings, const Tally& tally,
                               double until);

/// "its driver reset it at +3.20 s, 0.15 s after the last write", and that the ring was used up
/// before, where `all` says so. An empty tally leaves the last write out.
std::string tell(const Ending& ending, const std::vector<Ending>& all, const Tally& tally,
                 double handover);

}  // namespace quiesce::checks
