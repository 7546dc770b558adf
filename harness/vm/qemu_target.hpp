// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU as a target: it can do all.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/target/architecture.hpp"
#include "harness/target/target.hpp"
#include "harness/vm/machine.hpp"

namespace quiesce::vm {

/// What a target is made of.
struct TargetOrder {
  Loop& loop;
  const scenario::RunPlan& plan;
  std::filesystem::path run_dir;
  const std::map<std::string, int>& disks;  ///< device name -> its image
  const ServerSockets& sockets;
  target::Listener listener;
  TimePoint deadline;
};

/// Starts a target whose machine does not run yet, or runs already when it cannot be stopped.
using MakeTarget = std::function<Result<std::unique_ptr<target::Target>>(TargetOrder order)>;

/// Starts QEMU, stopped. Errors name what it printed.
Result<std::unique_ptr<target::Target>> start_qemu(TargetOrder order);

class QemuTarget final : public target::Target {
 public:
  QemuTarget(std::unique_ptr<Machine> machine, const target::Architecture& architecture);

  target::Capabilities capabilities() const override { return target::Capabilities::all(); }
  target::Identity identity() const override;

  Result<void> run() override;
  Result<void> send_agent(std::string_view bytes) override;
  void drain() override;
  bool connected() const override;
  std::optional<ExitStatus> exit_status() override;
  std::string complaints() const override;
  double cpu_seconds() const override;
  std::optional<CoreTime> core_time() override;
  ExitStatus end() override;

  Result<void> halt(TimePoint deadline) override;
  bool halted() const override;
  bool at_breakpoint() const override;
  Result<void> set_breakpoint(GuestVirt at, TimePoint deadline) override;
  Result<void> clear_breakpoint(GuestVirt at, TimePoint deadline) override;

  Result<std::vector<target::CpuState>> cpus(TimePoint deadline) override;
  Result<std::optional<GuestPhys>> physical(GuestVirt at, TimePoint deadline) override;
  Result<target::Bus*> bus() override;
  Result<target::SharedMemory> memory() override;

  Result<void> press(const std::vector<std::string>& keys, TimePoint deadline) override;
  Result<void> move_pointer(int x, int y) override;
  Result<void> trace_interrupts(bool on, TimePoint deadline) override;
  Result<void> inject_nmi(TimePoint deadline) override;
  Result<void> report_bus_error(const std::string& port, target::BusError error) override;

  Result<void> save_picture(const std::string& path, TimePoint deadline) override;
  Result<std::string> picture(TimePoint deadline) override;
  Result<void> ask_picture() override;
  Result<std::string> fetch_picture() const override;
  Result<void> send_frame(const std::string& device, std::string_view frame) override;

 private:
  std::unique_ptr<Machine> machine_;
  const target::Architecture& architecture_;
  CoreClock cores_;
};

}  // namespace quiesce::vm
