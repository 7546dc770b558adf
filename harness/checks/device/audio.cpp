// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/device/audio.hpp"

#include <span>

#include "harness/record/layout.hpp"
#include "harness/record/tone.hpp"

namespace quiesce::checks {

Result<double> tone_seconds(const evidence::Run& run, double hertz) {
  if (run.audio.empty()) return fail(Errc::not_found, "there is no {}", record::file::audio);
  TRY_ASSIGN(auto sound, record::read_wav(std::as_bytes(std::span(run.audio))));
  double seconds = 0;
  for (const auto& span : record::tone_heard(record::tone(sound, hertz)))
    seconds += span.end - span.begin;
  return seconds;
}

}  // namespace quiesce::checks
