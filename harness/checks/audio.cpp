// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/audio.hpp"

#include "harness/record/layout.hpp"

namespace quiesce::checks {

Result<double> tone_in_audio(const evidence::Run& run, double) {
  std::error_code error;
  const auto path = run.folder / record::file::audio;
  if (run.folder.empty() || !std::filesystem::is_regular_file(path, error))
    return fail(Errc::not_found, "there is no {}", record::file::audio);
  // CONNECT HERE: record::read_wav(path) and record::tone_strength(samples, rate, hertz).
  return fail(Errc::unsupported, "this program cannot read {}", record::file::audio);
}

}  // namespace quiesce::checks
