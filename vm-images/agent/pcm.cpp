// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/pcm.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sound/asound.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <numbers>

namespace quiesce::agent {

namespace {

// Large enough that a guest under emulation keeps up, small enough to end soon.
constexpr unsigned least_period = 1024;
constexpr unsigned most_buffer = 16384;
constexpr int patience_ms = 5000;  // a running PCM takes frames every period

snd_interval& interval(snd_pcm_hw_params& params, int parameter) {
  return params.intervals[parameter - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

void allow(snd_pcm_hw_params& params, int parameter, unsigned least, unsigned most) {
  snd_interval& range = interval(params, parameter);
  range = {};
  range.min = least;
  range.max = most;
  range.integer = 1;
}

void choose(snd_pcm_hw_params& params, int parameter, unsigned bit) {
  snd_mask& mask = params.masks[parameter - SNDRV_PCM_HW_PARAM_FIRST_MASK];
  mask = {};
  mask.bits[bit / 32] = 1U << (bit % 32);
}

/// Everything is allowed; the kernel narrows it down.
snd_pcm_hw_params anything() {
  snd_pcm_hw_params params{};
  std::memset(params.masks, 0xff, sizeof params.masks);
  for (snd_interval& range : params.intervals) range.max = ~0U;
  params.rmask = ~0U;
  params.info = ~0U;
  return params;
}

}  // namespace

std::vector<Frame> sine_second(unsigned hertz, unsigned rate) {
  // A card's mixer turned up and a recorder that adds both channels must not clip it (measured: a
  // factor of 2).
  constexpr double amplitude = 8000;
  std::vector<Frame> frames(rate);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const double phase = 2 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
    frames[i].fill(static_cast<std::int16_t>(std::lround(amplitude * std::sin(phase))));
  }
  return frames;
}

Result<Pcm> Pcm::open(const std::string& node, unsigned rate) {
  TRY_ASSIGN(Fd fd, open_file(node, O_RDWR | O_NONBLOCK));
  Pcm pcm(std::move(fd));
  TRY(pcm.set_hardware(rate));
  TRY(pcm.set_software());
  if (::ioctl(pcm.fd_.get(), SNDRV_PCM_IOCTL_PREPARE) != 0)
    return fail_errno("cannot prepare " + node);
  return pcm;
}

Result<void> Pcm::set_hardware(unsigned rate) {
  snd_pcm_hw_params params = anything();
  choose(params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
  choose(params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
  choose(params, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
  allow(params, SNDRV_PCM_HW_PARAM_CHANNELS, 2, 2);
  allow(params, SNDRV_PCM_HW_PARAM_RATE, rate, rate);
  allow(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, least_period, most_buffer / 2);
  allow(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, least_period * 2, most_buffer);
  if (::ioctl(fd_.get(), SNDRV_PCM_IOCTL_HW_PARAMS, &params) != 0)
    return fail_errno(fmt::format("the PCM does not play stereo of 16 bits at {} Hz", rate));
  period_ = interval(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE).min;
  buffer_ = interval(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE).min;
  return {};
}

Result<void> Pcm::set_software() {
  snd_pcm_sw_params params{};
  params.period_step = 1;
  params.avail_min = period_;
  params.start_threshold = buffer_ / period_ * period_;
  params.stop_threshold = buffer_;
  if (::ioctl(fd_.get(), SNDRV_PCM_IOCTL_SW_PARAMS, &params) != 0)
    return fail_errno("the PCM refuses its thresholds");
  return {};
}

Result<std::size_t> Pcm::write(std::span<const Frame> frames) {
  snd_xferi transfer{};
  transfer.buf = const_cast<Frame*>(frames.data());  // the kernel only reads it
  transfer.frames = frames.size();
  if (::ioctl(fd_.get(), SNDRV_PCM_IOCTL_WRITEI_FRAMES, &transfer) == 0)
    return static_cast<std::size_t>(transfer.result);
  if (errno == EPIPE) {
    ++underruns_;
    if (::ioctl(fd_.get(), SNDRV_PCM_IOCTL_PREPARE) == 0) return 0;
  }
  if (errno != EAGAIN) return fail_errno("cannot play");
  pollfd wait{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, patience_ms) == 0)
    return fail(Errc::timeout, "the PCM took nothing for {} s", patience_ms / 1000);
  return 0;
}

Result<void> Pcm::drain() {
  // Blocking from here on, or DRAIN would return at once; the kernel itself ends the wait after
  // some seconds.
  if (::fcntl(fd_.get(), F_SETFL, 0) != 0) return fail_errno("cannot set the PCM to wait");
  if (::ioctl(fd_.get(), SNDRV_PCM_IOCTL_DRAIN) == 0) return {};
  const int why = errno;
  if (why == EPIPE) ++underruns_;
  // So its wait ends in vain, and so an underrun (sound/core/pcm_native.c, snd_pcm_drain).
  if (why == EIO || why == EPIPE)
    return fail(Errc::timeout, "cannot play to the end: {}", std::strerror(why));
  return fail_errno("cannot play to the end", why);
}

}  // namespace quiesce::agent
