// SPDX-License-Identifier: GPL-2.0-or-later
// What came out of the sound device.
#pragma once

#include "harness/base/result.hpp"
#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// The tone's part of the loudest second's power in the run's audio.wav, 0..1. Errors: not_found
/// without audio.wav, invalid_input when it is no sound file, unsupported in a program that cannot
/// read it.
Result<double> tone_in_audio(const evidence::Run& run, double hertz);

}  // namespace quiesce::checks
