// SPDX-License-Identifier: GPL-2.0-or-later
// The names of a run directory: the only interface between running and judging. run/ writes it,
// evidence/ reads it.
#pragma once

#include <string>

#include "harness/record/event_names.hpp"

namespace quiesce::record {

/// Version of everything below; plan.json carries it as "format". A reader refuses a newer one.
inline constexpr int format = 1;

namespace file {
inline constexpr const char* plan = "plan.json";
inline constexpr const char* qemu = "qemu.json";
inline constexpr const char* armed = "armed.json";
inline constexpr const char* qemu_log = "qemu.log";
inline constexpr const char* timeline = "timeline.ndjson";
inline constexpr const char* serial = "serial.log";
inline constexpr const char* agent = "agent.ndjson";
inline constexpr const char* dma = "dma.ndjson";
inline constexpr const char* trace = "trace.log";
inline constexpr const char* result = "result.json";
inline constexpr const char* manifest = "manifest.json";
inline constexpr const char* sounds = "audio-NAME.wav";
/// What older runs have instead, of all their sound cards.
inline constexpr const char* audio = "audio.wav";
inline constexpr const char* pci = "pci";        ///< folder; one JSON a mark
inline constexpr const char* screen = "screen";  ///< folder; NAME.png, NAME.txt, font-ROLE.json
inline constexpr const char* ledgers = "device-NAME.ndjson";
}  // namespace file

/// A model's own record of what it did (devices/models/ledger.hpp).
inline constexpr const char* ledger_begin = "device-";
inline constexpr const char* ledger_end = ".ndjson";
inline std::string ledger_file(const std::string& device) {
  return ledger_begin + device + ledger_end;
}

/// What a sound card played.
inline constexpr const char* sound_begin = "audio-";
inline constexpr const char* sound_end = ".wav";
inline std::string sound_file(const std::string& device) {
  return sound_begin + device + sound_end;
}

/// The answer of the agent's `font`, by the role of the kernel.
inline std::string font_file(const std::string& role) {
  return std::string(file::screen) + "/font-" + role + ".json";
}

/// What the kernel believes is on its screen, by its role.
inline constexpr const char* screen_truth_begin = "vcs-";
inline std::string screen_truth_file(const std::string& role) {
  return std::string(file::screen) + "/" + screen_truth_begin + role + ".json";
}
/// The name of a mark's snapshot as libpci in the guest saw it; the file is pci/NAME.json.
inline std::string agent_view(const std::string& mark) {
  return mark + "-agent";
}
/// What a device's server printed.
inline std::string server_log_file(const std::string& device) {
  return "device-" + device + ".log";
}

/// Points of the run, in their order; also the names of pci/*.json and of deadlines in a scenario.
namespace mark {
inline constexpr const char* production = "production";  ///< busy, just before the panic
inline constexpr const char* handover = "handover";      ///< machine_kexec, machine stopped
inline constexpr const char* capture_entry =
    "capture-entry";  ///< capture kernel's init, nothing touched
/// The time without drivers is over; no mark, only a point at which rings and interrupts are read.
inline constexpr const char* window_end = "window-end";
inline constexpr const char* drivers = "drivers";          ///< all drivers of the profile loaded
inline constexpr const char* tests = "tests";              ///< function tests done
inline constexpr const char* closing = "closing";          ///< a second or more before the end
inline constexpr const char* capture_end = "capture-end";  ///< the end
}  // namespace mark

}  // namespace quiesce::record
