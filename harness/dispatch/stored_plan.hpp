// SPDX-License-Identifier: GPL-2.0-or-later
// The plan.json of a run, as something to be run again: nothing of it is resolved anew.
#pragma once

#include <filesystem>
#include <string>

#include "harness/base/result.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::dispatch {

/// Whether the file holds a stored plan and no scenario: a plan has its scenario inside it. A file
/// that cannot be read is none.
bool is_stored_plan(const std::filesystem::path& path);

/// invalid_input names the file and what is wrong with it.
Result<scenario::RunPlan> load_plan(const std::filesystem::path& path);

/// Whether kernels and initramfs are still those that the plan was made with, by their SHA-256.
/// invalid_input names every one that is gone or another, its place in the plan, and the remedy.
/// `name` stands for the plan.
Result<void> check_inputs(const scenario::RunPlan& plan, const std::string& name);

/// Ready to be run here: QEMU has what the plan needs (unsupported when not), the accelerator
/// works, and the models are served by `program`, wherever the plan's own lay.
Result<scenario::RunPlan> ready(scenario::RunPlan plan, const std::filesystem::path& program);

}  // namespace quiesce::dispatch
