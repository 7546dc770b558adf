// SPDX-License-Identifier: GPL-2.0-or-later
// From a scenario to a run plan: everything that must be known before anything is started.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/scenario/plan.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::dispatch {

struct Resolving {
  std::string qemu;               ///< as given with --qemu; empty: the system's, or the fetched one
  std::filesystem::path program;  ///< the quiesce that serves the models
  /// All that a scenario may name.
  std::vector<scenario::Profile> profiles;
  /// What is being done, as it begins: a person waits meanwhile. May be empty.
  builder::Observer on_step = {};
};

/// Kernels (fetched where they are not there yet), images, QEMU, accelerator.
Result<scenario::RunPlan> resolve(const scenario::Scenario& scenario, const Places& places,
                                  const Resolving& how);

}  // namespace quiesce::dispatch
