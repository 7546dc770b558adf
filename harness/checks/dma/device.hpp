// SPDX-License-Identifier: GPL-2.0-or-later
// The judgement of one device: was it seen to write too late, could it have been seen, and why did
// its writes end?
#pragma once

#include <string>
#include <vector>

#include "harness/checks/busy.hpp"
#include "harness/checks/dma/deadline.hpp"
#include "harness/checks/dma/strays.hpp"

namespace quiesce::checks {

/// The context of a judgement: everything that is the same for all devices.
struct DmaContext {
  const evidence::Run& run;
  const Story& story;  ///< with a handover
  const Deadline& deadline;
};

/// What is known of one device.
struct DmaFinding {
  Verdict verdict = Verdict::pass;
  std::string reason;  ///< for what is not pass: a clause that begins with the device
  std::string line;    ///< for the details
  std::string control;
  nlohmann::json numbers = nlohmann::json::object();
};

/// Of a device that is a witness.
DmaFinding judge_device(const DmaContext& context, const scenario::PlannedDevice& device,
                        const Tally& tally);

/// Devices whose writes carry no tag (a disk that only takes data still writes its completions) are
/// judged together. Their own control is only that they worked until the panic; that a write of
/// theirs could be seen rests on the watch, which saw others' writes or at least the dying CPU's
/// stack.
void control_untagged(const DmaContext& context, const Strays& strays,
                      std::vector<std::string>& controls, std::vector<std::string>& doubts);

}  // namespace quiesce::checks
