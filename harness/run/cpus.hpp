// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>
#include <vector>

#include "harness/run/facts.hpp"
#include "harness/run/guest_control.hpp"

namespace quiesce::run {

/// Where the CPUs are, in words.
class Cpus {
 public:
  /// All must outlive it.
  Cpus(GuestControl& control, const Hearing& hearing, Waits& waits, Recorder& recorder,
       const ArmedFacts& facts)
      : control_(control), hearing_(hearing), waits_(waits), recorder_(recorder), facts_(facts) {}

  /// A `cpus` event; the machine may run. None when the target cannot show its registers.
  Result<std::vector<target::CpuState>> take(const std::string& at);

 private:
  std::string place_now(const target::CpuState& cpu) const;

  GuestControl& control_;
  const Hearing& hearing_;
  Waits& waits_;
  Recorder& recorder_;
  const ArmedFacts& facts_;
  /// Where every CPU stood when the production kernel was last seen.
  std::vector<target::CpuState> parked_;
};

}  // namespace quiesce::run
