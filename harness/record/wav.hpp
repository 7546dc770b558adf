// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::record {

/// What a sound device played; several channels are mixed into one.
struct Sound {
  int rate = 0;  ///< samples a second
  std::vector<std::int16_t> samples;
  double seconds() const { return rate > 0 ? static_cast<double>(samples.size()) / rate : 0; }
};

/// Reads a WAV file (RIFF, PCM of 8 or 16 bits, 1 to 8 channels, 1000..192000 Hz). Sizes in the
/// headers are not trusted: QEMU writes them last, so they are zero when it was killed, and the
/// samples then go to the end of the file. A half sample at the end is dropped. Fails with
/// invalid_input.
Result<Sound> read_wav(std::span<const std::byte> file);

}  // namespace quiesce::record
