// SPDX-License-Identifier: GPL-2.0-or-later
// What of a configuration space software must put back after a reset that no kernel looked after.
#pragma once

#include <vector>

#include "vm-images/agent/pci_tree.hpp"

namespace quiesce::agent {

/// A register; `width` is 1, 2 or 4.
struct ConfigField {
  unsigned offset = 0;
  unsigned width = 0;
  auto operator<=>(const ConfigField&) const = default;
};

/// In the order in which they are to be written: addresses before what enables them, Command last.
std::vector<ConfigField> fields_to_restore(const PciConfig& config);

/// Writes the fields that differ from `saved` now.
Result<void> restore_config(const PciTree& tree, PciAddress address, const PciConfig& saved);

/// Whether Command, base addresses, cache line size, interrupt line and pin are the same.
bool same_setup(const PciConfig& before, const PciConfig& after);

/// Whether it answers as a function does: no vendor ID of all ones, nor 0x0001, which stands for
/// "ask again" where Configuration RRS Software Visibility is on (PCIe 6.0 section 2.3.2).
bool is_ready(std::uint16_t vendor);

}  // namespace quiesce::agent
