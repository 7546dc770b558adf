// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/vm/qemu_target.hpp"

#include <fmt/format.h>

#include "harness/vm/registers.hpp"

namespace quiesce::vm {

using nlohmann::json;
using target::BusError;

namespace {

/// Each interrupt that reaches a local APIC (hw/intc/apic.c, apic_deliver_irq).
constexpr const char* interrupt_event = "apic_deliver_irq";

json key_event(const std::vector<std::string>& names) {
  json list = json::array();
  for (const auto& name : names) list.push_back({{"type", "qcode"}, {"data", name}});
  return {{"keys", list}};
}

/// An absolute position for QMP's input-send-event; both axes go from 0 to 32767.
json pointer_event(int x, int y) {
  const auto axis = [](const char* name, int value) {
    return json{{"type", "abs"}, {"data", {{"axis", name}, {"value", value}}}};
  };
  return {{"events", json::array({axis("x", x), axis("y", y)})}};
}

/// What pcie_aer_inject_error takes, before and after the port. PCIe 6.0 section 6.2.7: by default
/// a malformed packet is fatal, an aborted completion is not, a bad packet is corrected.
struct InjectedError {
  const char* option;
  const char* status;
};
InjectedError injected(BusError error) {
  switch (error) {
    case BusError::fatal:
      return {"", "MALF_TLP"};
    case BusError::nonfatal:
      return {"", "COMP_ABORT"};
    case BusError::correctable:
      break;
  }
  return {"-c ", "BAD_TLP"};
}

}  // namespace

Result<std::unique_ptr<target::Target>> start_qemu(TargetOrder order) {
  TRY_ASSIGN(std::unique_ptr<Machine> machine,
             Machine::launch(order.loop, order.plan, order.run_dir, order.disks, order.sockets,
                             std::move(order.listener), order.deadline));
  return std::make_unique<QemuTarget>(std::move(machine),
                                      target::architecture_of(order.plan.scenario.machine.type));
}

QemuTarget::QemuTarget(std::unique_ptr<Machine> machine, const target::Architecture& architecture)
    : machine_(std::move(machine)),
      architecture_(architecture),
      cores_(machine_->process().pid()) {}

target::Identity QemuTarget::identity() const {
  return {.kind = "qemu",
          .version = machine_->qmp().qemu_version(),
          .pid = machine_->process().pid(),
          .argv = machine_->argv()};
}

Result<void> QemuTarget::run() {
  return machine_->gdb().go();
}

Result<void> QemuTarget::send_agent(std::string_view bytes) {
  return machine_->send_agent(bytes);
}

void QemuTarget::drain() {
  machine_->drain();
}

bool QemuTarget::connected() const {
  return machine_->qmp().connected();
}

std::optional<ExitStatus> QemuTarget::exit_status() {
  return machine_->exit_status();
}

std::string QemuTarget::complaints() const {
  return machine_->error_output();
}

double QemuTarget::cpu_seconds() const {
  return machine_->process().cpu_seconds();
}

std::optional<CoreTime> QemuTarget::core_time() {
  if (machine_->exit_status()) return std::nullopt;  // the number may be another's by now
  return cores_.read();
}

ExitStatus QemuTarget::end() {
  return machine_->stop();
}

Result<void> QemuTarget::halt(TimePoint deadline) {
  TRY(machine_->qmp().call("stop", json::object(), deadline));
  return {};
}

bool QemuTarget::halted() const {
  return machine_->gdb().stopped().has_value();
}

bool QemuTarget::at_breakpoint() const {
  return machine_->gdb().at_breakpoint();
}

Result<void> QemuTarget::set_breakpoint(GuestVirt at, TimePoint deadline) {
  return machine_->gdb().set_breakpoint(at, deadline);
}

Result<void> QemuTarget::clear_breakpoint(GuestVirt at, TimePoint deadline) {
  return machine_->gdb().clear_breakpoint(at, deadline);
}

Result<std::vector<target::CpuState>> QemuTarget::cpus(TimePoint deadline) {
  TRY_ASSIGN(const std::string text, machine_->qmp().monitor("info registers -a", deadline));
  return parse_registers(text, architecture_.registers);
}

Result<std::optional<GuestPhys>> QemuTarget::physical(GuestVirt at, TimePoint deadline) {
  TRY_ASSIGN(const std::string text,
             machine_->qmp().monitor(fmt::format("gva2gpa {:#x}", at.value), deadline));
  return parse_physical(text);
}

Result<target::Bus*> QemuTarget::bus() {
  return &machine_->qtest();
}

Result<target::SharedMemory> QemuTarget::memory() {
  return target::SharedMemory{.fd = machine_->ram_fd(), .size = machine_->ram_size()};
}

Result<void> QemuTarget::press(const std::vector<std::string>& keys, TimePoint deadline) {
  TRY(machine_->qmp().call("send-key", key_event(keys), deadline));
  return {};
}

Result<void> QemuTarget::move_pointer(int x, int y) {
  return machine_->qmp().post("input-send-event", pointer_event(x, y));
}

Result<void> QemuTarget::trace_interrupts(bool on, TimePoint deadline) {
  // Built without trace events it knows no such name.
  const auto set = machine_->qmp().call("trace-event-set-state",
                                        {{"name", interrupt_event}, {"enable", on}}, deadline);
  if (!set && set.error().code() != Errc::unsupported) return tl::unexpected(set.error());
  return {};
}

Result<void> QemuTarget::inject_nmi(TimePoint deadline) {
  TRY(machine_->qmp().call("inject-nmi", json::object(), deadline));
  return {};
}

Result<void> QemuTarget::report_bus_error(const std::string& port, BusError error) {
  const auto [option, status] = injected(error);
  return machine_->qmp().post(
      "human-monitor-command",
      {{"command-line", fmt::format("pcie_aer_inject_error {}{} {}", option, port, status)}});
}

Result<void> QemuTarget::save_picture(const std::string& path, TimePoint deadline) {
  TRY(machine_->qmp().call("screendump", {{"filename", path}, {"format", "png"}}, deadline));
  return {};
}

Result<std::string> QemuTarget::picture(TimePoint deadline) {
  return machine_->picture(deadline);
}

Result<void> QemuTarget::ask_picture() {
  return machine_->ask_picture();
}

Result<std::string> QemuTarget::fetch_picture() const {
  return machine_->fetch_picture();
}

Result<void> QemuTarget::send_frame(const std::string& device, std::string_view frame) {
  return machine_->send_frame(device, frame);
}

}  // namespace quiesce::vm
