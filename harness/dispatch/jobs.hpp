// SPDX-License-Identifier: GPL-2.0-or-later
// What a person asks to be run, and what of it there is: all that is wrong is said before anything
// is started.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"
#include "harness/dispatch/places.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::dispatch {

/// As it was given; what is empty was not.
struct Request {
  std::vector<std::string> scenarios;  ///< files of scenarios, stored plans, names of shipped ones
  std::vector<std::string> devices;    ///< files of profiles, or names
  std::vector<std::string> folders;    ///< of profiles
  std::string kernel;
  std::string capture_kernel;
  std::vector<std::string> settings;  ///< "machine.cpus=1"
  std::string timeout;
  std::string qemu;
};

/// One scenario, or one cell of its matrix, that is to be run.
struct Job {
  scenario::Scenario scenario;
  /// A stored plan is run as it is; without one the plan is made of the scenario.
  std::optional<scenario::RunPlan> stored = std::nullopt;
};

struct Jobs {
  scenario::ProfileSet set;  ///< all that scenarios may name
  std::vector<Job> jobs;     ///< in the order in which they were named
};

/// Told of each device profile that took the place of another, as a sentence: before an error about
/// a scenario that names it.
using OnProfileNote = std::function<void(const std::string& note)>;

/// Everything that is named, with --kernel and the like laid over the scenarios; whether the
/// kernels exist. What is wrong with all scenarios is one error. invalid_input also for a stored
/// plan that something is to be laid over: it is run as it is.
Result<Jobs> gather(const Request& request, const Places& places,
                    const OnProfileNote& on_note = nullptr);

/// Whether what is named exists: as gather(), but there need be nothing to run, and the QEMU is
/// looked for.
Result<void> check_names(const Request& request, const Places& places,
                         const OnProfileNote& on_note = nullptr);

/// "igb" or "igb-nvme": what a run is called that only devices were given for.
std::string name_of(const std::vector<std::string>& devices);

}  // namespace quiesce::dispatch
