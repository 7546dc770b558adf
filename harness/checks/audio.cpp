// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/checks/audio.hpp"

#include "harness/base/fd.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/tone.hpp"

namespace quiesce::checks {

Result<double> tone_seconds(const evidence::Run& run, double hertz) {
  constexpr std::uint64_t most = 256ULL << 20;
  std::error_code error;
  const auto path = run.folder / record::file::audio;
  if (run.folder.empty() || !std::filesystem::is_regular_file(path, error))
    return fail(Errc::not_found, "there is no {}", record::file::audio);
  TRY_ASSIGN(auto bytes, read_file(path, most));
  TRY_ASSIGN(auto sound, record::read_wav(std::as_bytes(std::span(bytes))));
  double seconds = 0;
  for (const auto& span : record::tone_heard(record::tone(sound, hertz)))
    seconds += span.end - span.begin;
  return seconds;
}

}  // namespace quiesce::checks
