// SPDX-License-Identifier: GPL-2.0-or-later
// What came out of the sound device.
#pragma once

#include "harness/base/result.hpp"
#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// How far from its nominal rate a sound device may play, as a part of it. Chips divide a clock of
/// their own: ES1370 plays 48,000 samples a second as 48,662, 1.4 % too fast (measured; QEMU's
/// hw/audio/es1370.c, DAC2_DIVTOSR). A semitone is 6 %.
inline constexpr double rate_tolerance = 0.03;

struct HeardTone {
  double hertz = 0;    ///< as asked for, or where it was found instead
  double seconds = 0;  ///< in which it was heard
};
/// The tone in the device's sound file that was heard for longest within what the rate allows, by
/// half of the energy of a tenth of a second or more; the one that was asked for when no other was
/// heard longer. Errors: not_found without the file, invalid_input when it is no sound file.
Result<HeardTone> find_tone(const evidence::Run& run, const std::string& device, double hertz);

}  // namespace quiesce::checks
