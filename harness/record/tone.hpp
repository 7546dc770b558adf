// SPDX-License-Identifier: GPL-2.0-or-later
// When a tone was heard.
#pragma once

#include <vector>

#include "harness/base/clock.hpp"
#include "harness/record/wav.hpp"

namespace quiesce::record {

/// How strong one frequency is in one window.
struct ToneWindow {
  double t = 0;          ///< begin, seconds of played sound
  double amplitude = 0;  ///< of the sine, 1.0 is full scale
  double share = 0;  ///< of the window's energy, 0..1; 1 is a pure tone, 0 where there is silence
};

/// Goertzel's algorithm over windows one after the other; a rest shorter than a window is left out.
/// Frequencies that are a multiple of 1 / window (10 Hz by default) do not leak into each other.
/// Empty when hertz is not between 0 and half the rate.
std::vector<ToneWindow> tone(const Sound& sound, double hertz, Seconds window = Seconds(0.1));

/// A stretch of windows [begin, end) in which the tone was heard.
struct ToneSpan {
  double begin = 0;
  double end = 0;
};
struct ToneLimits {
  double amplitude = 0.01;
  double share = 0.5;
};
std::vector<ToneSpan> tone_heard(const std::vector<ToneWindow>& windows, ToneLimits limits = {},
                                 Seconds window = Seconds(0.1));

/// How far from its nominal rate a sound device may play, as a part of it. Chips divide a clock of
/// their own: ES1370 plays 48,000 samples a second as 48,662, 1.4 % too fast (measured; QEMU's
/// hw/audio/es1370.c, DAC2_DIVTOSR). A semitone is 6 %.
inline constexpr double rate_tolerance = 0.03;

struct HeardTone {
  double hertz = 0;    ///< as asked for, or where it was found instead
  double seconds = 0;  ///< in which it was heard
};
/// The tone that was heard for longest within what the rate allows, by half of the energy of a
/// tenth of a second or more; the one that was asked for when no other was heard longer.
HeardTone tone_near(const Sound& sound, double hertz);

}  // namespace quiesce::record
