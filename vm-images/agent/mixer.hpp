// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "harness/base/result.hpp"

namespace quiesce::agent {

/// Whether a mixer element is a playback volume or switch, and which.
enum class MixerRole { other, playback_volume, playback_switch };
MixerRole mixer_role(std::string_view name);

/// "/dev/snd/pcmC0D0p" -> "/dev/snd/controlC0"; empty for anything else.
std::string control_of(std::string_view pcm_node);

/// Turns every playback volume of a card up and every playback switch on: drivers begin muted, and
/// silence would look like a dead device. Returns how many elements were set.
Result<int> open_playback(const std::string& control_node);

}  // namespace quiesce::agent
