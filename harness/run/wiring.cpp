// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/wiring.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "harness/record/events_device.hpp"
#include "harness/record/events_guest.hpp"
#include "harness/record/events_run.hpp"
#include "harness/record/json_text.hpp"
#include "harness/record/layout.hpp"
#include "harness/record/lines.hpp"
#include "harness/run/disks.hpp"

namespace quiesce::run {

using nlohmann::json;

namespace {

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

std::vector<std::string> names_of(const std::vector<scenario::PlannedDevice>& devices) {
  std::vector<std::string> names;
  names.reserve(devices.size());
  for (const auto& device : devices) names.push_back(device.name);
  return names;
}

}  // namespace

Wiring::Wiring(Loop& loop, RunDir& dir, scenario::Recipe recipe, const Terms& terms,
               Observer observer)
    : loop_(loop),
      recipe_(std::move(recipe)),
      bare_(scenario::bare_plan(recipe_)),
      seed_(terms.seed),
      recorder_(dir, std::move(observer)),
      hearing_(loop, recorder_, terms.seed,
               [this](std::string_view bytes) { return target_->send_agent(bytes); }),
      waits_(loop, recorder_, hearing_, terms.timeouts, recipe_.accel),
      agent_(hearing_, waits_, terms.seed),
      guest_{recorder_, hearing_, waits_, agent_},
      feeder_(
          loop, dir,
          [this](const std::string& device, std::string_view frame) {
            return target_->send_frame(device, frame);
          },
          [this](const std::string&, int x, int y) { return target_->move_pointer(x, y); }) {}

Wiring::~Wiring() = default;

/// vfio-user has no message for an error that is reported to the root port, and QEMU ends the
/// machine on the one interrupt that comes near (hw/vfio/pci.c, vfio_err_notifier_handler): so the
/// port reports it, and the source it names is the port.
void Wiring::on_server_event(const std::string& device, const json& message) {
  if (record::text_at(message, "event") != "aer" || !target_) return;
  const auto planned = std::ranges::find(bare_.devices, device, &scenario::PlannedDevice::name);
  if (planned == bare_.devices.end() || planned->port.empty()) return;
  const std::string severity = record::text_at(message, "severity");
  const auto error = severity == "fatal"      ? target::BusError::fatal
                     : severity == "nonfatal" ? target::BusError::nonfatal
                                              : target::BusError::correctable;
  const auto posted = target_->report_bus_error(planned->port, error);
  recorder_.event(record::event::AerInjected{
      .device = device, .port = planned->port, .severity = severity, .sent = posted.has_value()});
}

Result<void> Wiring::launch(const vm::MakeTarget& make_target) {
  TRY_ASSIGN(disks_, make_disks(bare_));
  std::map<std::string, int> images;
  for (const auto& [name, fd] : disks_) images[name] = fd.get();
  TRY_ASSIGN(servers_, DeviceServers::start(loop_, recorder_.dir(), bare_,
                                            [this](const std::string& device, const json& message) {
                                              on_server_event(device, message);
                                            }));
  TRY_ASSIGN(target_, make_target({.loop = loop_,
                                   .plan = bare_,
                                   .run_dir = recorder_.path(),
                                   .disks = images,
                                   .sockets = servers_->sockets(),
                                   .listener = hearing_.listener(),
                                   .deadline = waits_.soon()}));
  servers_->connected();
  waits_.watch_over(*target_);
  note_target();
  const auto& architecture = target::architecture_of(recipe_.machine.type);
  control_.emplace(*target_, architecture, feeder_, *servers_, waits_, hearing_);
  TRY_ASSIGN(watch_,
             StrayWatch::create(loop_, recorder_, *target_,
                                {.architecture = architecture,
                                 .devices = names_of(recipe_.devices),
                                 .seed = seed_,
                                 .stands_still = [this] { return waits_.stands_still(); }}));
  control_->before_resume([this] { watch_->machine_resumes(); });
  machine_.emplace(MachineSide{recorder_, waits_, *control_, *watch_});
  note_cores();
  each_second_ = loop_.every(Seconds(1), [this] { note_cores(); });
  return {};
}

/// What it is and what it cannot do stands in the evidence before anything that rests on it.
void Wiring::note_target() {
  const auto able = target_->capabilities();
  const target::Identity identity = target_->identity();
  recorder_.event(
      record::event::Target{.kind = identity.kind,
                            .can = able.names(),
                            .cannot = target::Capabilities::all().without(able).names()});
  if (identity.argv.empty()) return;
  recorder_.event(record::event::QemuStart{.pid = identity.pid, .version = identity.version});
  const record::QemuFile qemu{.binary = recipe_.qemu.string(),
                              .version = identity.version,
                              .argv = identity.argv,
                              .accel = recipe_.accel,
                              .accel_reason = recipe_.accel_reason};
  recorder_.write(record::file::qemu, record::as_json(qemu).dump(1) + "\n");
}

void Wiring::note_cores() {
  if (const auto time = target_->core_time())
    recorder_.event(record::event::Cores{.had_s = time->had_s, .waited_s = time->waited_s});
}

void Wiring::shut_down() {
  if (!target_) return;
  each_second_.reset();
  note_cores();
  if (watch_) watch_->stop_passes();
  const double qemu_cpu = target_->cpu_seconds();
  const bool expected = !hearing_.target_exit() && !target_->exit_status();
  const ExitStatus status = target_->end();
  servers_->stop();
  target_->drain();
  hearing_.flush();
  recorder_.event(record::event::QemuExit{.how = status.describe(), .expected = expected});
  recorder_.event(record::event::Usage{.harness_cpu_s = own_cpu_seconds(),
                                       .qemu_cpu_s = qemu_cpu,
                                       .peak_rss_bytes = own_peak_bytes(),
                                       .agent_noise_bytes = hearing_.agent().noise()});
}

}  // namespace quiesce::run
