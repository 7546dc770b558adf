// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/audio.hpp"

#include <span>

namespace quiesce::checks {

Result<record::HeardTone> find_tone(const evidence::Run& run, const std::string& device,
                                    double hertz) {
  const std::string& played = run.sound_of(device);
  if (played.empty()) return fail(Errc::not_found, "there is no {}", run.sound_file_of(device));
  TRY_ASSIGN(const auto sound, record::read_wav(std::as_bytes(std::span(played))));
  return record::tone_near(sound, hertz);
}

}  // namespace quiesce::checks
