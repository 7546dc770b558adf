// SPDX-License-Identifier: GPL-2.0-or-later
// The names of events for readers that do not use the types yet.
#pragma once

#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"

namespace quiesce::record::event {

inline constexpr const char* reset_action = ResetAction::name;
inline constexpr const char* reset_state = ResetState::name;
inline constexpr const char* reset_probe = ResetProbe::name;
inline constexpr const char* device_server = DeviceServer::name;
inline constexpr const char* aer_injected = AerInjected::name;
inline constexpr const char* qemu_start = QemuStart::name;
inline constexpr const char* qemu_exit = QemuExit::name;
inline constexpr const char* qmp_event = QmpEvent::name;
inline constexpr const char* serial_line = SerialLine::name;
inline constexpr const char* agent_hello = AgentHello::name;
inline constexpr const char* modules = Modules::name;
inline constexpr const char* test_result = TestResult::name;
inline constexpr const char* activity = Activity::name;
inline constexpr const char* interrupts = Interrupts::name;
inline constexpr const char* agent_pci_missing = AgentPciMissing::name;
inline constexpr const char* cpus = Cpus::name;
inline constexpr const char* handover = Handover::name;
inline constexpr const char* key_sent = KeySent::name;
inline constexpr const char* key_received = KeyReceived::name;
inline constexpr const char* pointer_sent = PointerSent::name;
inline constexpr const char* screen = Screen::name;
inline constexpr const char* screen_sample = ScreenSample::name;
inline constexpr const char* run_start = RunStart::name;
inline constexpr const char* run_end = RunEnd::name;
inline constexpr const char* phase_begin = PhaseBegin::name;
inline constexpr const char* phase_end = PhaseEnd::name;
inline constexpr const char* mark = Mark::name;
inline constexpr const char* step = Step::name;
inline constexpr const char* capture_stuck = CaptureStuck::name;
inline constexpr const char* error = Failure::name;
inline constexpr const char* usage = Usage::name;
inline constexpr const char* baseline = Baseline::name;
inline constexpr const char* control = Control::name;
inline constexpr const char* watch_pass = WatchPass::name;
inline constexpr const char* gate_window = GateWindow::name;
inline constexpr const char* ring = Ring::name;
inline constexpr const char* feed = Feed::name;
inline constexpr const char* echo = Echo::name;

}  // namespace quiesce::record::event
