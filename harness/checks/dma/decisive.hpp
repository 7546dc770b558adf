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

/// As measures `cause`, `ended_s` and how it lies to the last write (`after_frame_s`,
/// `in_last_pass`, `after_write_s`); `ring_used_up_s` where `all` says that the ring was used up
/// before. An empty tally leaves the last write out.
void add_ending(Finding& finding, const Ending& ending, const std::vector<Ending>& all,
                const Tally& tally, double handover);

}  // namespace quiesce::checks
