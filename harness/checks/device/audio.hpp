// SPDX-License-Identifier: GPL-2.0-or-later
// What came out of the sound device.
#pragma once

#include "harness/base/result.hpp"
#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// Seconds of the device's sound file in which a tone was heard: half of the energy of a tenth of a
/// second or more. Errors: not_found without it, invalid_input when it is no sound file.
Result<double> tone_seconds(const evidence::Run& run, const std::string& device, double hertz);

}  // namespace quiesce::checks
