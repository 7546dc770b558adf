// SPDX-License-Identifier: GPL-2.0-or-later
// Asks a QEMU what a device is: its help, and a machine with the device in it that never runs.
#pragma once

#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/draft/function.hpp"
#include "harness/vm/qemu.hpp"

namespace quiesce::draft {

/// Everything that -device takes.
Result<std::vector<QemuDevice>> list_devices(const vm::Qemu& qemu);

/// invalid_input: no PCI device of that name, or QEMU refuses it, with QEMU's own words.
Result<QemuFacts> ask_qemu(Loop& loop, const vm::Qemu& qemu, const std::string& name);

}  // namespace quiesce::draft
