// SPDX-License-Identifier: GPL-2.0-or-later
// From the name of a -device to a profile: QEMU is asked, the kernel's modules are looked through,
// and a guest shows what it makes of the device.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/draft/draft.hpp"
#include "harness/vm/qemu.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::draft {

struct NewDevice {
  std::string name;    ///< of QEMU's -device, or its alias
  std::string kernel;  ///< as in a scenario's production.kernel
  vm::Qemu qemu;
  std::filesystem::path agent;  ///< the guest agent's binary
  builder::Store store;
};

/// Each begins with the phase "images".
inline constexpr int most_boots = 4;

/// Takes a boot of the guest, and another for each layer of modules that shows up (a controller's
/// disk, a virtio device), four at most. Leaves nothing behind. invalid_input as of ask_qemu() and
/// of the kernel; what the guest does wrong is a failure that says so.
Result<Draft> new_profile(const NewDevice& device, Loop& loop, const run::Observer& observer);

}  // namespace quiesce::draft
