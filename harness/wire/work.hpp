// SPDX-License-Identifier: GPL-2.0-or-later
// The names of what the agent can do with a device, as profiles, requests and evidence have them.
// Its parameters are in harness/scenario/kinds/, what it does in vm-images/agent/.
#pragma once

namespace quiesce::wire {

/// What keeps a device busy.
namespace activity {
inline constexpr const char* net_receive = "net-receive";
inline constexpr const char* disk_read = "disk-read";
inline constexpr const char* disk_write = "disk-write";
inline constexpr const char* sound_play = "sound-play";
inline constexpr const char* pointer = "pointer";
inline constexpr const char* console = "console";
inline constexpr const char* model_run = "model-run";
}  // namespace activity

/// What shows that a device works.
namespace test {
inline constexpr const char* net_echo = "net-echo";
inline constexpr const char* disk_compare = "disk-compare";
inline constexpr const char* sound_play = "sound-play";
inline constexpr const char* pointer = "pointer";
inline constexpr const char* console = "console";
inline constexpr const char* model_copy = "model-copy";
}  // namespace test

/// Bytes of a frame, its header included, unless activity or test of the profile say it (`frame`).
inline constexpr unsigned usual_frame = 512;

/// Neither.
inline constexpr const char* no_work = "none";

}  // namespace quiesce::wire
