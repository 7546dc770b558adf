// SPDX-License-Identifier: GPL-2.0-or-later
// Loading the capture kernel, and the ends of the machine.
#pragma once

#include "vm-images/agent/link.hpp"

namespace quiesce::agent {

/// The answer to `kexec-load`.
Result<Json> load_capture_kernel(const Request& request);

/// Sets the sysctls that a panic method of the harness needs; the answer to `panic-prepare`.
Result<Json> prepare_panic(const Request& request);
/// Does not return when it works.
Result<Json> panic(Link& link, const Request& request);
Result<Json> power_off(Link& link, const Request& request);

}  // namespace quiesce::agent
