// SPDX-License-Identifier: GPL-2.0-or-later
// The QEMU command line of a run plan. Pure: descriptors are numbers that Machine passes to the
// child.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "harness/scenario/plan.hpp"

namespace quiesce::vm {

/// Numbers of the descriptors in the child.
struct ChildFds {
  int ram = 10;
  int qmp = 11;
  int gdb = 12;
  int qtest = 13;
  int console = 14;        ///< ttyS0
  int agent = 15;          ///< ttyS1
  int screen = 16;         ///< a memory file for pictures that only we read
  int first_backend = 20;  ///< one a device whose backend inherits one, in the plan's order
};

/// QEMU's type of the root ports that devices sit behind.
inline constexpr const char* root_port_type = "pcie-root-port";

struct CommandLine {
  std::vector<std::string> argv;
  /// Device name -> its backend's descriptor in the child (net: a stream socket, disk: the image).
  std::map<std::string, int> backends;
};

/// Device name -> the SocketAddress of its vfio-user server (QAPI).
using ServerSockets = std::map<std::string, nlohmann::json>;

/// `run_dir` receives trace.log and what backends leave. Nothing else is named in the file system
/// but the kernel images.
CommandLine command_line(const scenario::RunPlan& plan, const std::filesystem::path& run_dir,
                         const ServerSockets& sockets = {}, const ChildFds& fds = {});

/// What the kernel is booted with: the harness's own part (consoles, log level), crashkernel, then
/// the scenario's.
std::string production_command_line(const scenario::RunPlan& plan);
std::string capture_command_line(const scenario::RunPlan& plan);

}  // namespace quiesce::vm
