// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU and which accelerator a run uses, found out by trying.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/scenario/plan.hpp"
#include "harness/vm/capabilities.hpp"

namespace quiesce::vm {

/// A QEMU that was asked what it is and what it can do.
struct Qemu {
  std::filesystem::path path;
  std::string version;      ///< "7.2.22"; for people, decides nothing
  std::vector<Lack> lacks;  ///< what it has not of what was asked
  bool enough() const { return lacks.empty(); }
};

/// `wanted`: a path or a name in PATH. What it lacks of `demands`, and of what every run needs, is
/// no failure. unsupported: there is none, or it does not answer; names the remedy.
Result<Qemu> find_qemu(const std::string& wanted, const Demands& demands = {});

/// The name of the system's.
std::string system_qemu();

/// Of the plan's command line: every device type with its properties, every trace event that a
/// profile names.
Demands demands_of(const std::vector<scenario::PlannedDevice>& devices);

/// Device types that the harness needs.
Demands demands_for(const std::vector<std::string>& types);

/// By which QEMU gives a run a device that another process serves.
inline constexpr const char* served_type = "vfio-user-pci";

/// The accelerator and why it is the one.
struct Accelerator {
  std::string name;  ///< "kvm" or "tcg"
  std::string reason;
};

/// `automatic` tries KVM with a program that must finish: a few instructions up to 64-bit paging
/// that leave through QEMU's debug port. A /dev/kvm that merely opens is no proof. `kvm` fails with
/// unsupported when the trial does.
Result<Accelerator> choose_accelerator(scenario::Accel wanted, const Qemu& qemu);

/// What the trial said: empty when KVM works, else why it does not.
std::string try_kvm(const Qemu& qemu);

}  // namespace quiesce::vm
