// SPDX-License-Identifier: GPL-2.0-or-later
// What software can do to stop a PCI function, from nothing to taking it away and looking for it
// again.
#pragma once

#include <string>
#include <vector>

#include "harness/base/clock.hpp"
#include "vm-images/agent/pci_tree.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

struct PciAction {
  std::string what;    ///< "reset"
  std::string method;  ///< "flr", as /sys/.../reset_method names it; empty: the kernel's choice
  std::vector<PciAddress> addresses;
  Seconds patience{60};  ///< for one function, from the action's begin to its answering again
};
Result<PciAction> read_pci_action(const Request& request);

/// The answer to `pci-action`: takes no longer than patience and two seconds for each function,
/// even when the kernel does not come back.
Json act_on_pci(const PciTree& tree, const PciAction& action);
Result<Json> act_on_pci(const Request& request);

}  // namespace quiesce::agent
