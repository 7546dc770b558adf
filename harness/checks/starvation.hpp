// SPDX-License-Identifier: GPL-2.0-or-later
// A guest that its host gives no processor misses deadlines that are not its own, and kernels panic
// over timers that do not tick ("IO-APIC + timer doesn't work!"). What such a guest can come to by
// itself is not held against it.
#pragma once

#include <optional>
#include <string_view>

#include "harness/checks/needs.hpp"

namespace quiesce::checks {

/// What the machine got of the host in a stretch of the run, by the events `cores`.
struct Cores {
  double seconds = 0;   ///< of the stretch, as far as it was counted
  double had_s = 0;     ///< all its threads, on a processor
  double waited_s = 0;  ///< all its threads, ready to run and without one

  /// It waited for more than a moment.
  bool waited() const;
  /// It waited for longer than it had: with one run on two processors the wait is a tenth of that,
  /// with two at once a third, with four more than all (measured with scenarios/first-run.json). A
  /// guest that sleeps asks for none and is not starved.
  bool starved() const;
};
/// nullopt when nobody counted.
std::optional<Cores> cores_between(const evidence::Run& run, double from, double until);

/// A kernel's last words that are of a timer or a CPU that did not answer in time.
bool is_panic_of_time(std::string_view message);

/// Where failures that are a matter of time (Code::of_time) alone decide, and the machine was
/// starved since the panic or right before one of them: they are made inconclusive, and that is
/// said. Of one that was measured (Finding::overrun) it must have waited meanwhile, for as long
/// as that took too long. All other findings are as they were.
Findings without_the_hosts_part(const Course& course, const Check& check, Findings findings);

}  // namespace quiesce::checks
