// SPDX-License-Identifier: GPL-2.0-or-later
// The reference models as device profiles: a scenario names them as it names any other device.
#pragma once

#include <filesystem>
#include <vector>

#include "harness/scenario/plan.hpp"

namespace quiesce::dispatch {

/// One profile a model, named as the model is.
std::vector<scenario::Profile> model_profiles();

/// Turns the models of a plan into the commands that serve them: `program` with "device serve".
void name_servers(std::vector<scenario::PlannedDevice>& devices,
                  const std::filesystem::path& program);

}  // namespace quiesce::dispatch
