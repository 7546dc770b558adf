// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU a run takes, and why.
#pragma once

#include <string>

#include "harness/base/result.hpp"
#include "harness/vm/qemu.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

/// What a run needs of QEMU: vfio-user-pci only when a device is served.
enum class Needs { any, vfio_user };

struct QemuChoice {
  vm::Qemu qemu;
  std::string why;  ///< one clause: "the system's, which has vfio-user-pci"
};

/// What `named` (--qemu) names, and nothing else then; without it the system's when it is enough,
/// else the one that "quiesce image fetch qemu" brought. unsupported names the remedy.
Result<QemuChoice> choose_qemu(const std::string& named, Needs needs, const builder::Store& store);

}  // namespace quiesce::cli
