// SPDX-License-Identifier: GPL-2.0-or-later
// What came out of the sound device.
#pragma once

#include "harness/base/result.hpp"
#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// Seconds of the run's audio.wav in which a tone was heard: half of the energy of a tenth of a
/// second or more. Errors: not_found without audio.wav, invalid_input when it is no sound file.
Result<double> tone_seconds(const evidence::Run& run, double hertz);

}  // namespace quiesce::checks
