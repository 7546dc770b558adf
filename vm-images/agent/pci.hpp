// SPDX-License-Identifier: GPL-2.0-or-later
// The machine's PCI functions as the kernel inside sees them, read by libpci through sysfs.
#pragma once

#include <cstddef>
#include <span>

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// The answer to `pci`.
Result<Json> read_pci(const Request& request);

/// Without the zero bytes at the end.
std::span<const std::byte> without_trailing_zeros(std::span<const std::byte> bytes);

}  // namespace quiesce::agent
