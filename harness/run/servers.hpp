// SPDX-License-Identifier: GPL-2.0-or-later
// The programs behind the vfio-user devices of one run. They live outside QEMU: they must be told
// when the machine stands still.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/run/run_dir.hpp"
#include "harness/scenario/plan.hpp"
#include "harness/vm/command_line.hpp"

namespace quiesce::run {

class DeviceServers {
 public:
  /// What a server says unasked: {"event": ...} (docs/devices-of-your-own.md).
  using OnEvent = std::function<void(const std::string& device, const nlohmann::json& message)>;

  /// Starts the server of every device that has a command, and waits until it can be connected to.
  /// What they print goes to device-NAME.log. Fails with not_found or closed when one does not
  /// start, and then none is left.
  static Result<std::unique_ptr<DeviceServers>> start(Loop& loop, RunDir& dir,
                                                      const scenario::RunPlan& plan,
                                                      OnEvent on_event);
  ~DeviceServers();
  DeviceServers(const DeviceServers&) = delete;
  DeviceServers& operator=(const DeviceServers&) = delete;

  /// For vm::command_line.
  const vm::ServerSockets& sockets() const;

  /// QEMU has connected: the sockets' names can go. (QEMU 11 takes neither an abstract socket nor a
  /// descriptor here, hw/vfio-user/pci.c: for the time of its start there is a folder in $TMPDIR.)
  void connected();

  /// No write and no interrupt of theirs from when this returns. A server without a control channel
  /// goes on; one that does not answer in time is given up (event device.server).
  void hold(TimePoint deadline);
  void release(TimePoint deadline);
  /// Which kernel runs now: "production" or "capture".
  void kernel(const std::string& role);

  /// Writes that the device's ledger holds by now; 0 without a ledger.
  std::uint64_t ledger_writes(const std::string& device) const;

  /// Ends them all.
  void stop();

 private:
  struct Server;
  struct Parts;
  explicit DeviceServers(std::unique_ptr<Parts> parts);
  void tell(const nlohmann::json& message, TimePoint deadline);
  std::unique_ptr<Parts> parts_;
};

}  // namespace quiesce::run
