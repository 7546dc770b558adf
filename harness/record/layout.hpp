// SPDX-License-Identifier: GPL-2.0-or-later
// The names of a run directory: the only interface between running and judging. run/ writes it,
// evidence/ reads it.
#pragma once

#include <string>

namespace quiesce::record {

/// Version of everything below; plan.json carries it as "format". A reader refuses a newer one.
inline constexpr int format = 1;

namespace file {
inline constexpr const char* plan = "plan.json";
inline constexpr const char* qemu = "qemu.json";
inline constexpr const char* qemu_log = "qemu.log";
inline constexpr const char* timeline = "timeline.ndjson";
inline constexpr const char* serial = "serial.log";
inline constexpr const char* agent = "agent.ndjson";
inline constexpr const char* dma = "dma.ndjson";
inline constexpr const char* trace = "trace.log";
inline constexpr const char* result = "result.json";
inline constexpr const char* manifest = "manifest.json";
inline constexpr const char* audio = "audio.wav";
inline constexpr const char* pci = "pci";        ///< folder; one JSON a mark
inline constexpr const char* screen = "screen";  ///< folder; NAME.png, NAME.txt, font-ROLE.json
}  // namespace file

/// A model's own record of what it did (devices/models/ledger.hpp).
inline std::string ledger_file(const std::string& device) {
  return "device-" + device + ".ndjson";
}

/// Events of timeline.ndjson. Each line is an object {"t": seconds since run.start on the host's
/// monotonic clock, "event": one of these, ...}; "guest" is the guest kernel's CLOCK_BOOTTIME in
/// seconds where it is known.
namespace event {
inline constexpr const char* run_start =
    "run.start";  ///< realtime (s since the epoch at t = 0), monotonic (s of CLOCK_MONOTONIC),
                  ///< version, plan (SHA-256 of plan.json)
/// reason: finished, error, interrupted; files: the length of each file but the timeline, in bytes,
/// by its name
inline constexpr const char* run_end = "run.end";
inline constexpr const char* phase_begin = "phase.begin";  ///< phase
inline constexpr const char* phase_end = "phase.end";      ///< phase
inline constexpr const char* mark = "mark";                ///< name: one of mark::*
inline constexpr const char* qemu_start = "qemu.start";    ///< pid
inline constexpr const char* qemu_exit = "qemu.exit";      ///< how, expected (bool)
inline constexpr const char* qmp_event = "qmp.event";      ///< name, data
inline constexpr const char* serial_line =
    "serial.line";  ///< role, what: "kernel-start" | "panic" | "purgatory" ...
inline constexpr const char* agent_hello = "agent.hello";  ///< role, release, cmdline
inline constexpr const char* activity =
    "activity";  ///< device, kind, state: started|running|failed, counters
inline constexpr const char* control = "control";  ///< device, tagged_pages, changed_pages, t0, t1
inline constexpr const char* handover = "handover";  ///< rip, pause_s, cpus
inline constexpr const char* baseline =
    "baseline";  ///< bytes, copy_s, excluded: [[begin, end]...] (hex strings)
inline constexpr const char* watch_pass =
    "watch.pass";                            ///< begin_t, pages_compared, pages_changed, seconds
inline constexpr const char* feed = "feed";  ///< device, sequence (a frame given to QEMU), bytes
inline constexpr const char* echo = "echo";  ///< device, sequence (a guest's frame that came out)
inline constexpr const char* ring =
    "ring";  ///< device, head, tail, at: mark; descriptors: [begin, end]
inline constexpr const char* step = "step";  ///< name: of the capture side, as it begins
/// step, why, guest_down: the capture kernel hangs or went down in this step
inline constexpr const char* capture_stuck = "capture.stuck";
inline constexpr const char* modules = "modules";            ///< role, loaded, seconds
inline constexpr const char* test_result = "test.result";    ///< device, kind, ok, detail, numbers
inline constexpr const char* key_sent = "key.sent";          ///< keys
inline constexpr const char* pointer_sent = "pointer.sent";  ///< device, x, y
inline constexpr const char* key_received = "key.received";  ///< text
inline constexpr const char* screen = "screen";              ///< name, file, width, height
inline constexpr const char* screen_sample =
    "screen.sample";                         ///< same_as_production, uniform (one colour), digest
inline constexpr const char* cpus = "cpus";  ///< at, cpus: [{index, rip, rsp, halted, place}]
inline constexpr const char* crash_segments = "crash.segments";  ///< segments: [{name, begin, end}]
inline constexpr const char* usage = "usage";  ///< harness_cpu_s, qemu_cpu_s, peak_rss_bytes
inline constexpr const char* reset_action =
    "reset.action";  ///< an action of the scenario on one device: do, method, began, ended, settled
                     ///< ...
inline constexpr const char* reset_state =
    "reset.state";  ///< number, device, what model-state said
inline constexpr const char* reset_probe = "reset.probe";  ///< number, device, works, detail
/// off (device whose Bus Master is clear, or null), t0, t1 (the machine ran), begin, end (around
/// the harness's own configuration writes), pages, stopped_s
inline constexpr const char* gate_window = "gate.window";
/// mark, error: the guest's configuration spaces did not answer libpci in time
inline constexpr const char* agent_pci_missing = "agent.pci-missing";
inline constexpr const char* interrupts = "interrupts";  ///< at, role: the agent's answer is noted
inline constexpr const char* device_server =
    "device.server";  ///< device, what: started, exited, silent, refused, hung-up
inline constexpr const char* aer_injected = "aer.injected";  ///< device, port, severity
inline constexpr const char* error = "error";                ///< phase, code, message
}  // namespace event

/// Points of the run, in their order; also the names of pci/*.json and of deadlines in a scenario.
namespace mark {
inline constexpr const char* production = "production";  ///< busy, just before the panic
inline constexpr const char* handover = "handover";      ///< machine_kexec, machine stopped
inline constexpr const char* capture_entry =
    "capture-entry";                               ///< capture kernel's init, nothing touched
inline constexpr const char* drivers = "drivers";  ///< all drivers of the profile loaded
inline constexpr const char* tests = "tests";      ///< function tests done
inline constexpr const char* closing = "closing";  ///< a second or more before the end
inline constexpr const char* capture_end = "capture-end";  ///< the end
}  // namespace mark

}  // namespace quiesce::record
