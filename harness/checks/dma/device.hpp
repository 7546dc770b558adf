// SPDX-License-Identifier: GPL-2.0-or-later
// The judgement of one device: was it seen to write too late, could it have been seen, and why did
// its writes end?
#pragma once

#include "harness/checks/busy.hpp"
#include "harness/checks/dma/codes.hpp"

namespace quiesce::checks {

/// The context of a judgement: everything that is the same for all devices.
struct DmaContext {
  const evidence::Run& run;
  const Story& story;  ///< with a handover
  const Deadline& deadline;
};

/// Of a device that is a witness.
Finding judge_device(const DmaContext& context, const scenario::PlannedDevice& device,
                     const Tally& tally);
/// The same for a run that was over before its deadline: nothing is late then.
Finding device_until_end(const evidence::Run& run, const Story& story,
                         const scenario::PlannedDevice& device, const Tally& tally);

/// Each busy device whose writes carry no tag: at least why they ended.
Findings untagged_devices(const evidence::Run& run, const Story& story);

/// Devices whose writes carry no tag (a disk that only takes data still writes its completions) are
/// judged together. Their own control is only that they worked until the panic; that a write of
/// theirs could be seen rests on the watch, which saw others' writes or at least the dying CPU's
/// stack.
void judge_untagged(Findings& devices, const evidence::Run& run, const Strays& strays);

}  // namespace quiesce::checks
