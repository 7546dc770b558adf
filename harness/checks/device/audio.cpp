// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/audio.hpp"

#include <span>

#include "harness/record/tone.hpp"

namespace quiesce::checks {

namespace {

double heard_for(const record::Sound& sound, double hertz) {
  double seconds = 0;
  for (const auto& span : record::tone_heard(record::tone(sound, hertz)))
    seconds += span.end - span.begin;
  return seconds;
}

}  // namespace

Result<HeardTone> find_tone(const evidence::Run& run, const std::string& device, double hertz) {
  const std::string& played = run.sound_of(device);
  if (played.empty()) return fail(Errc::not_found, "there is no {}", run.sound_file_of(device));
  TRY_ASSIGN(const auto sound, record::read_wav(std::as_bytes(std::span(played))));
  // Windows of 0.1 s tell 10 Hz apart; in between most of a tone's energy is still seen.
  constexpr double step = 4;
  HeardTone best{hertz, heard_for(sound, hertz)};
  const int steps = static_cast<int>(rate_tolerance * hertz / step);
  for (int away = 1; away <= steps; ++away)
    for (const double other : {hertz + away * step, hertz - away * step})
      if (const double seconds = heard_for(sound, other); seconds > best.seconds)
        best = {other, seconds};
  return best;
}

}  // namespace quiesce::checks
