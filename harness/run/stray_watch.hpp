// SPDX-License-Identifier: GPL-2.0-or-later
// The stray-write watch: guest RAM compared with what it was, from the handover to the end.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/base/loop.hpp"
#include "harness/base/result.hpp"
#include "harness/base/units.hpp"
#include "harness/observe/guest_ram.hpp"
#include "harness/run/recorder.hpp"
#include "harness/target/architecture.hpp"
#include "harness/target/target.hpp"

namespace quiesce::run {

/// What the watch is of.
struct Watched {
  const target::Architecture& architecture;
  std::vector<std::string> devices;    ///< of the run, in its order
  std::uint32_t seed = 1;              ///< what the run's tags hold
  std::function<bool()> stands_still;  ///< whether the machine does, now
};

class StrayWatch {
 public:
  /// Maps the machine's memory. All must outlive the watch. On a target whose memory cannot be
  /// watched it does nothing and notes nothing.
  static Result<std::unique_ptr<StrayWatch>> create(Loop& loop, Recorder& recorder,
                                                    target::Target& target, Watched watched);
  ~StrayWatch();
  StrayWatch(const StrayWatch&) = delete;
  StrayWatch& operator=(const StrayWatch&) = delete;

  /// Allocates and touches the baseline, so that the pause at the handover is a copy and nothing
  /// else. The crash region and the first MiB are left out from here on.
  Result<void> prepare(PhysRange crash_region);

  /// The control of every absence: compares over a while in which the devices are known to be busy,
  /// and notes per device how many pages it was seen writing to. control_begin() copies,
  /// control_end() compares and gives the numbers: device -> pages with a tag of it.
  Result<void> control_begin();
  Result<std::map<std::string, std::uint64_t>> control_end();

  /// At the handover, machine stopped: takes the baseline. What changes from now on is a stray
  /// write.
  Result<void> begin();
  /// Compares from now on by itself, as often as a small share of one core allows.
  void start_passes();
  /// Compares now: at every mark, so that a write lies clearly before or after it.
  Result<void> pass();
  void stop_passes();
  /// The machine is about to run again: nothing was written since a pass that was made while it
  /// stood still, so what comes lies after the mark, not astride it.
  void machine_resumes();

  /// Machine stopped: notes which frames lie in the crash region, by the devices of the run.
  Result<void> note_landed();

  /// What was found since the handover.
  struct Writes {
    std::map<std::string, std::uint64_t> tagged;  ///< device -> pages with a tag of it
    std::uint64_t unnamed = 0;                    ///< pages with neither tag nor owner
  };
  const Writes& writes() const;
  /// Pages of the last pass that had neither tag nor owner, guest-physical.
  const std::vector<std::uint64_t>& last_pages() const;

  /// nullptr when it cannot be watched.
  const observe::GuestRam* ram() const;
  /// Where the dying kernel itself still writes after the handover. Counts for the first pass only:
  /// a device's write into the same page later is not forgiven.
  void set_owner(const PhysRange& range, const std::string& owner);

  struct Parts;

 private:
  explicit StrayWatch(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace quiesce::run
