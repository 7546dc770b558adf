// SPDX-License-Identifier: GPL-2.0-or-later
// All that one run is made of, put together. Only who runs a whole machine includes this; phases
// are handed what they need (sides.hpp).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/base/fd.hpp"
#include "harness/run/phases.hpp"
#include "harness/scenario/recipe.hpp"
#include "harness/vm/qemu_target.hpp"

namespace quiesce::run {

/// What does not belong to what is booted.
struct Terms {
  scenario::Timeouts timeouts;
  std::uint32_t seed = 1;  ///< what the run's tags hold
};

class Wiring {
 public:
  /// Loop and run directory must outlive it.
  Wiring(Loop& loop, RunDir& dir, scenario::Recipe recipe, const Terms& terms, Observer observer);
  ~Wiring();
  Wiring(const Wiring&) = delete;
  Wiring& operator=(const Wiring&) = delete;

  /// Disks, servers of devices, and the target, whose machine does not run yet. What the target
  /// cannot do is noted.
  Result<void> launch(const vm::MakeTarget& make_target = vm::start_qemu);
  bool launched() const { return machine_.has_value(); }
  /// Ends the target and notes what it used. Nothing when there is none.
  void shut_down();

  const scenario::Recipe& recipe() const { return recipe_; }
  Recorder& recorder() { return recorder_; }
  Waits& waits() { return waits_; }
  const GuestSide& guest() const { return guest_; }
  Feeder& feeder() { return feeder_; }
  /// These when launched() only.
  const MachineSide& machine() const { return *machine_; }
  GuestControl& control() { return *control_; }
  StrayWatch& watch() { return *watch_; }
  Drive drive() { return {feeder_, *servers_}; }

 private:
  void note_target();
  /// Of those that can be counted.
  void note_cores();
  void on_server_event(const std::string& device, const nlohmann::json& message);

  Loop& loop_;
  scenario::Recipe recipe_;
  /// The recipe as a plan: what disks, servers and command line are made by.
  scenario::RunPlan bare_;
  std::uint32_t seed_;
  Recorder recorder_;
  Hearing hearing_;
  Waits waits_;
  Conversation agent_;
  GuestSide guest_;
  Feeder feeder_;
  std::map<std::string, Fd> disks_;
  std::unique_ptr<DeviceServers> servers_;
  std::unique_ptr<target::Target> target_;
  std::optional<GuestControl> control_;
  std::unique_ptr<StrayWatch> watch_;
  std::optional<MachineSide> machine_;
  std::optional<Loop::Watch> each_second_;
};

}  // namespace quiesce::run
