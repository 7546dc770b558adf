// SPDX-License-Identifier: GPL-2.0-or-later
// Which QEMU a run takes, and why: the first that can do what the run asks for, whatever its
// version.
#pragma once

#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/vm/qemu.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::dispatch {

struct QemuChoice {
  vm::Qemu qemu;
  std::string why;  ///< one clause: "the system's", "fetched, for the system's 7.2.22 has no ..."
};

/// `lacks` as a clause: "has no device vfio-user-pci and no -netdev stream".
std::string has_not(const std::vector<vm::Lack>& lacks);

/// Whether --qemu names a program; empty: it was not given.
Result<void> check_named_qemu(const std::string& named);

/// What `named` (--qemu) names, and nothing else then; without it the system's when it has all of
/// `demands`, else the one that "quiesce image fetch qemu" brought. unsupported names what is
/// missing and the remedy; invalid_input when all that is missing is what profiles name: it may
/// be a slip.
Result<QemuChoice> choose_qemu(const std::string& named, const vm::Demands& demands,
                               const builder::Store& store);

}  // namespace quiesce::dispatch
