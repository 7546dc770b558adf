// SPDX-License-Identifier: GPL-2.0-or-later
// Playback on an ALSA PCM by its ioctls (sound/asound.h): stereo, 16 bits, interleaved.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/base/fd.hpp"

namespace quiesce::agent {

using Frame = std::array<std::int16_t, 2>;

/// One second of a sine on both channels: a whole number of waves, so it can be repeated without a
/// step.
std::vector<Frame> sine_second(unsigned hertz, unsigned rate);

class Pcm {
 public:
  /// Sets the hardware parameters; playing starts when the buffer is full.
  static Result<Pcm> open(const std::string& node, unsigned rate);

  /// Writes frames; the driver takes what fits. An underrun is repaired and counted.
  Result<std::size_t> write(std::span<const Frame> frames);
  /// Plays what is in the buffer to its end.
  Result<void> drain();

  std::size_t period() const { return period_; }
  std::uint64_t underruns() const { return underruns_; }

 private:
  explicit Pcm(Fd fd) : fd_(std::move(fd)) {}
  Result<void> set_hardware(unsigned rate);
  Result<void> set_software();

  Fd fd_;
  std::size_t period_ = 0;
  std::size_t buffer_ = 0;
  std::uint64_t underruns_ = 0;
};

}  // namespace quiesce::agent
