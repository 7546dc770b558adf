// SPDX-License-Identifier: GPL-2.0-or-later
// What came out of the sound device.
#pragma once

#include "harness/base/result.hpp"
#include "harness/evidence/run.hpp"
#include "harness/record/tone.hpp"

namespace quiesce::checks {

/// The tone in the device's sound file that is nearest (record::tone_near). Errors: not_found
/// without the file, invalid_input when it is no sound file.
Result<record::HeardTone> find_tone(const evidence::Run& run, const std::string& device,
                                    double hertz);

}  // namespace quiesce::checks
