// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/session.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "harness/base/tag.hpp"
#include "harness/base/text.hpp"
#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/events_watch.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/disks.hpp"

namespace quiesce::run {

using nlohmann::json;

namespace {

// What takes a minute under emulation takes seconds with KVM; the floor is for a busy host.
constexpr double kvm_factor = 0.25;

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long own_peak_bytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

/// An absolute position for QMP's input-send-event; both axes go from 0 to 32767.
json pointer_event(int x, int y) {
  const auto axis = [](const char* name, int value) {
    return json{{"type", "abs"}, {"data", {{"axis", name}, {"value", value}}}};
  };
  return {{"events", json::array({axis("x", x), axis("y", y)})}};
}

/// "guest-reset" and so on; the event's name where it gives no reason.
std::string reason_of(const std::string& event, const json& data) {
  const auto reason = data.find("reason");
  return reason != data.end() && reason->is_string() ? reason->get<std::string>() : event;
}

}  // namespace

Session::Session(Loop& loop_, RunDir& dir_, const scenario::RunPlan& plan_, Observer observer)
    : loop(loop_),
      dir(dir_),
      plan(plan_),
      agent([this](std::string_view bytes) { return machine->send_agent(bytes); },
            [this](const char* kind, std::uint32_t sequence, const json& payload) {
              on_agent_message(kind, sequence, payload);
            }),
      feeder(
          loop_, dir_,
          [this](const std::string& device, std::string_view frame) {
            return machine->send_frame(device, frame);
          },
          [this](const std::string&, int x, int y) {
            return machine->qmp().post("input-send-event", pointer_event(x, y));
          }),
      observer_(std::move(observer)),
      serial_([this](const std::string& line) { on_serial_line(line); }),
      last_progress_(loop_.now()),
      total_deadline_(loop_.now() + plan_.scenario.timeouts.total) {}

Session::~Session() = default;

Seconds Session::scaled(Seconds time) const {
  return plan.accel == "kvm" ? std::max(time * kvm_factor, std::min(time, Seconds(10))) : time;
}

vm::MachineListener Session::listener() {
  return {
      .on_qmp_event = [this](const std::string& name,
                             const json& data) { on_qmp_event(name, data); },
      .on_console =
          [this](std::string_view bytes) {
            last_progress_ = loop.now();
            serial_.feed(bytes);
          },
      .on_agent =
          [this](std::string_view bytes) {
            last_progress_ = loop.now();
            agent.feed(bytes);
          },
      .on_net = [this](const std::string& device,
                       std::string_view frame) { on_frame(device, frame); },
      .on_exit = [this](const ExitStatus& status) { qemu_exit_ = status; },
  };
}

void Session::on_serial_line(const std::string& line) {
  dir.append(record::file::serial, fmt::format("[{:.6f}] {}\n", dir.now(), line));
  const std::string what = landmark(line);
  if (what.empty()) return;
  landmarks.emplace(what, dir.now());
  dir.event(record::event::SerialLine{.role = role, .what = what});
}

void Session::on_qmp_event(const std::string& name, const json& data) {
  // A moving clock tells nothing about the guest's progress.
  if (name == "RTC_CHANGE") return;
  dir.event(record::event::QmpEvent{.event = name, .data = data});
  last_progress_ = loop.now();
  if (name == "SHUTDOWN" || name == "GUEST_PANICKED") guest_down_ = reason_of(name, data);
}

void Session::on_agent_message(const char* kind, std::uint32_t sequence, const json& payload) {
  dir.append_json(
      record::file::agent,
      record::as_json(record::AgentLine{
          .t = dir.now(), .kind = kind, .sequence = sequence, .role = role, .payload = payload}));
  if (record::read<record::PayloadHead>(payload).event != record::said::Key::name) return;
  landmarks.emplace("key-received", dir.now());
  dir.event(record::event::KeyReceived{record::read<record::said::Key>(payload).text});
}

void Session::on_frame(const std::string& device, std::string_view frame) {
  const auto tags = find_tags(std::as_bytes(std::span(frame.data(), frame.size())));
  if (tags.empty() || tags.front().kind != TagKind::guest_frame ||
      tags.front().seed != plan.scenario.seed)
    return;
  dir.event(record::event::Echo{
      .device = device, .sequence = tags.front().sequence, .bytes = frame.size(), .role = role});
}

/// vfio-user has no message for an error that is reported to the root port, and QEMU ends the
/// machine on the one interrupt that comes near (hw/vfio/pci.c, vfio_err_notifier_handler): so the
/// port reports it, and the source it names is the port.
void Session::on_server_event(const std::string& device, const json& message) {
  if (record::text_at(message, "event") != "aer" || !machine) return;
  const auto planned = std::ranges::find(plan.devices, device, &scenario::PlannedDevice::name);
  if (planned == plan.devices.end() || planned->port.empty()) return;
  const std::string severity = record::text_at(message, "severity");
  // PCIe 6.0 section 6.2.7: by default a malformed packet is fatal, an aborted completion is not, a
  // bad packet is corrected.
  const std::string what = severity == "fatal"      ? "MALF_TLP"
                           : severity == "nonfatal" ? "COMP_ABORT"
                                                    : "-c BAD_TLP";
  const std::string correctable = what.starts_with("-c ") ? "-c " : "";
  const std::string command = fmt::format("pcie_aer_inject_error {}{} {}", correctable,
                                          planned->port, what.substr(correctable.size()));
  const auto posted = machine->qmp().post("human-monitor-command", {{"command-line", command}});
  dir.event(record::event::AerInjected{
      .device = device, .port = planned->port, .severity = severity, .sent = posted.has_value()});
}

Result<void> Session::launch() {
  TRY_ASSIGN(disks, make_disks(plan));
  std::map<std::string, int> images;
  for (const auto& [name, fd] : disks) images[name] = fd.get();
  TRY_ASSIGN(servers, DeviceServers::start(loop, dir, plan,
                                           [this](const std::string& device, const json& message) {
                                             on_server_event(device, message);
                                           }));
  TRY_ASSIGN(machine, vm::Machine::launch(loop, plan, dir.path(), images, servers->sockets(),
                                          listener(), soon()));
  servers->connected();
  dir.event(record::event::QemuStart{.pid = machine->process().pid(),
                                     .version = machine->qmp().qemu_version()});
  const record::QemuFile qemu{.binary = plan.qemu.string(),
                              .version = machine->qmp().qemu_version(),
                              .argv = machine->argv(),
                              .accel = plan.accel,
                              .accel_reason = plan.accel_reason};
  dir.write(record::file::qemu, record::as_json(qemu).dump(1) + "\n");
  TRY_ASSIGN(watch, StrayWatch::create(*this));
  return {};
}

Result<void> Session::resume() {
  if (watch) watch->machine_resumes();
  if (servers) servers->release(soon());
  TRY(machine->gdb().go());
  paused_ = false;
  last_progress_ = loop.now();
  feeder.resume();
  return {};
}

Result<void> Session::pause() {
  feeder.pause();
  if (paused_) return {};
  TRY(machine->qmp().call("stop", json::object(), soon()));
  // The stub reports every stop; one that is not awaited would be taken for the breakpoint later.
  TRY(expect(
      "the machine to stop", [&] { return machine->gdb().stopped().has_value(); }, Seconds(10)));
  paused_ = true;
  // They live outside: nobody stops them but us.
  servers->hold(soon());
  return broken();
}

void Session::stopped_at_breakpoint() {
  feeder.pause();
  servers->hold(soon());
  paused_ = true;
}

void Session::shut_down() {
  if (!machine) return;
  const double qemu_cpu = machine->process().cpu_seconds();
  const bool expected = !qemu_exit_ && !machine->exit_status();
  const ExitStatus status = machine->stop();
  servers->stop();
  machine->drain();
  serial_.flush();
  dir.event(record::event::QemuExit{.how = status.describe(), .expected = expected});
  dir.event(record::event::Usage{.harness_cpu_s = own_cpu_seconds(),
                                 .qemu_cpu_s = qemu_cpu,
                                 .peak_rss_bytes = own_peak_bytes(),
                                 .agent_noise_bytes = agent.noise()});
}

TimePoint Session::soon() const {
  return loop.now() + std::min(Seconds(20), scaled(plan.scenario.timeouts.progress));
}

Error Session::explained(const Error& error) {
  if (error.code() != Errc::closed || !machine || guest_down_) return error;
  loop.run_until([&] { return qemu_exit_.has_value(); }, loop.now() + Seconds(2));
  const auto state = broken();
  return state ? error : state.error();
}

bool Session::crashed_early() const {
  return current_phase == "arm" && machine && machine->gdb().at_breakpoint();
}

Result<void> Session::broken() const {
  if (dir.failed()) return tl::unexpected(*dir.failed());
  if (qemu_exit_)
    return fail(Errc::closed, "QEMU ended in the middle of the run with {}: {}",
                qemu_exit_->describe(), machine ? machine->error_output() : "");
  if (crashed_early())
    return fail(Errc::unsupported, "the production kernel crashed before it was asked to");
  if (agent.foreign_versions() > 0)
    return fail(
        Errc::protocol,
        "the agent in the guest speaks another version of the protocol; build the images anew "
        "with \"quiesce image clean\"");
  return {};
}

Result<Wait> Session::wait(const std::function<bool()>& done, Seconds patience) {
  const TimePoint deadline = loop.now() + patience;
  const Seconds silence = scaled(plan.scenario.timeouts.progress);
  for (;;) {
    TRY(broken());
    const TimePoint stall = last_progress_ + silence;
    const auto ready = [&] {
      return done() || qemu_exit_ || guest_down_ || dir.failed() || crashed_early() ||
             agent.foreign_versions() > 0;
    };
    const Waited waited = loop.run_until(ready, std::min({deadline, stall, total_deadline_}));
    if (waited == Waited::stopped) return fail(Errc::interrupted, "interrupted");
    if (done()) return Wait::done;
    TRY(broken());
    if (guest_down_) return Wait::guest_down;
    const TimePoint now = loop.now();
    if (now >= total_deadline_)
      return fail(Errc::timeout, "the run took longer than its {}; see timeouts.total or --timeout",
                  format_duration(plan.scenario.timeouts.total));
    if (now >= deadline) return Wait::deadline;
    if (now >= last_progress_ + silence && !paused_) return Wait::stalled;
    if (paused_) last_progress_ = now;
  }
}

Result<void> Session::expect(const std::string& what, const std::function<bool()>& done,
                             Seconds patience) {
  TRY_ASSIGN(const Wait waited, wait(done, patience));
  switch (waited) {
    case Wait::done:
      return {};
    case Wait::deadline:
      return fail(Errc::timeout, "waited {} for {}", format_duration(patience), what);
    case Wait::stalled:
      return fail(Errc::timeout, "guest and QEMU said nothing for {} while waiting for {}",
                  format_duration(scaled(plan.scenario.timeouts.progress)), what);
    case Wait::guest_down:
      return fail(Errc::closed, "the guest went down ({}) while waiting for {}", *guest_down_,
                  what);
  }
  return {};
}

Result<Wait> Session::linger(Seconds time) {
  // Silence is what is wanted here.
  const TimePoint end = loop.now() + time;
  while (loop.now() < end) {
    last_progress_ = loop.now();
    TRY_ASSIGN(const Wait waited,
               wait([] { return false; }, std::min(end - loop.now(), Seconds(1))));
    if (waited == Wait::guest_down) return waited;
  }
  return Wait::done;
}

Result<json> Session::ask(const std::string& op, json parameters, Seconds patience) {
  TRY_ASSIGN(const std::uint32_t sequence, agent.ask(op, std::move(parameters)));
  std::optional<json> answer;
  TRY(expect(
      fmt::format("the agent's answer to {}", op),
      [&] {
        if (!answer) answer = agent.answer(sequence);
        return answer.has_value();
      },
      scaled(patience)));
  const auto error = record::read<record::PayloadHead>(*answer).error;
  if (error && error->is_object()) {
    const auto message = record::read<record::AgentError>(*error).message;
    return fail(Errc::unsupported, "the agent cannot {}: {}", op,
                message.empty() ? error->dump() : message);
  }
  return std::move(*answer);
}

void Session::phase(const std::string& name) {
  if (!current_phase.empty()) dir.event(record::event::PhaseEnd{current_phase});
  current_phase = name;
  dir.event(record::event::PhaseBegin{name});
  if (observer_.on_phase) observer_.on_phase(name);
}

void Session::mark(const char* name) {
  dir.event(record::event::Mark{name});
}

void Session::note(const std::string& text) {
  if (observer_.on_note) observer_.on_note(text);
}

}  // namespace quiesce::run
