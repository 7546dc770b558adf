// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/record/tone.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

namespace quiesce::record {

namespace {

ToneWindow measure(std::span<const std::int16_t> samples, double radians) {
  const double factor = 2 * std::cos(radians);
  double one = 0;
  double two = 0;
  double energy = 0;
  for (const std::int16_t raw : samples) {
    const double value = raw / 32768.0;
    const double now = value + factor * one - two;
    two = one;
    one = now;
    energy += value * value;
  }
  const auto count = static_cast<double>(samples.size());
  const double power = std::max(0.0, one * one + two * two - factor * one * two);
  // A sine of amplitude a has power (a * count / 2)^2 and energy a^2 * count / 2.
  const double share = energy > 0 ? std::min(1.0, 2 * power / (count * energy)) : 0;
  return {.amplitude = 2 * std::sqrt(power) / count, .share = share};
}

}  // namespace

std::vector<ToneWindow> tone(const Sound& sound, double hertz, Seconds window) {
  const double length = window.count() * sound.rate;
  if (!(hertz > 0) || !(hertz < sound.rate / 2.0) || !(length >= 1) || !(length < 1e9)) return {};
  const auto step = static_cast<std::size_t>(std::lround(length));
  const double radians = 2 * std::numbers::pi * hertz / sound.rate;
  std::vector<ToneWindow> windows;
  for (std::size_t at = 0; at + step <= sound.samples.size(); at += step) {
    auto found = measure(std::span(sound.samples).subspan(at, step), radians);
    found.t = static_cast<double>(at) / sound.rate;
    windows.push_back(found);
  }
  return windows;
}

std::vector<ToneSpan> tone_heard(const std::vector<ToneWindow>& windows, ToneLimits limits,
                                 Seconds window) {
  std::vector<ToneSpan> spans;
  bool inside = false;
  for (const auto& one : windows) {
    const bool heard = one.amplitude >= limits.amplitude && one.share >= limits.share;
    if (heard && !inside) spans.push_back({.begin = one.t});
    if (heard) spans.back().end = one.t + window.count();
    inside = heard;
  }
  return spans;
}

HeardTone tone_near(const Sound& sound, double hertz) {
  const auto heard_for = [&](double at) {
    double seconds = 0;
    for (const auto& span : tone_heard(tone(sound, at))) seconds += span.end - span.begin;
    return seconds;
  };
  // Windows of 0.1 s tell 10 Hz apart; in between most of a tone's energy is still seen.
  constexpr double step = 4;
  HeardTone best{hertz, heard_for(hertz)};
  const int steps = static_cast<int>(rate_tolerance * hertz / step);
  for (int away = 1; away <= steps; ++away)
    for (const double other : {hertz + away * step, hertz - away * step})
      if (const double seconds = heard_for(other); seconds > best.seconds) best = {other, seconds};
  return best;
}

}  // namespace quiesce::record
