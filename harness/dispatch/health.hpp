// SPDX-License-Identifier: GPL-2.0-or-later
// What this machine can do, and what it lacks with the remedy.
#pragma once

#include <string>
#include <vector>

namespace quiesce::dispatch {

enum class Health { good, limited, missing };

struct Finding {
  Health health = Health::good;
  std::string what;
  std::string found;
  std::string remedy;  ///< empty where nothing is to be done
};

/// Looks at everything that runs need: QEMU, acceleration, memory, space, kernels, program data.
/// Starts QEMU without a machine, and with a few instructions where there is KVM.
std::vector<Finding> examine();

/// Whether nothing can run here.
bool is_missing(const std::vector<Finding>& findings);

}  // namespace quiesce::dispatch
