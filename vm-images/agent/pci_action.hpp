// SPDX-License-Identifier: GPL-2.0-or-later
// What the scenario does to devices: resets of every kind, Bus Master, power states.
#pragma once

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// The answer to `pci-action` (docs/agent-protocol.md). What the kernel or the device refuses is a
/// function's "ok": false with the reason; only a malformed request is an error.
Result<Json> pci_action(const Request& request);

/// Whether what the kernel set up is the same in both: Command, BARs, interrupt line.
bool is_restored(const PciConfig& before, const PciConfig& after);

}  // namespace quiesce::agent
