// SPDX-License-Identifier: GPL-2.0-or-later
// What a run has of the capture kernel's interrupts: the agent's counts and the kernel's messages.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/checks/support.hpp"

namespace quiesce::checks {

/// A numbered line of /proc/interrupts.
struct IrqLine {
  std::uint64_t total = 0;
  std::uint64_t unhandled = 0;  ///< since the kernel last began to count
  std::string chip;             ///< "PCI-MSI 524288-edge"
  std::string actions;          ///< "eth0"; empty: no driver
  /// The device of the plan, or the address of another function, where chip or actions say so.
  std::string device;
};

/// One answer to `interrupts`.
struct IrqSample {
  double t = 0;
  std::map<std::string, IrqLine> lines;  ///< LOC and the like are the CPU's own
  std::vector<std::string> disabled;     ///< numbers of lines
  double ticks = 0;                      ///< of the CPUs since their start, and
  double irq_ticks = 0;                  ///< in handlers of interrupts, soft ones too
  std::uint64_t spurious = 0;            ///< "SPU": the APIC had nothing to deliver
  std::uint64_t errors = 0;              ///< "ERR": errors of the APIC
};

/// The capture kernel's, by the point of the run; answers without counts are left out.
std::map<std::string, IrqSample> irq_samples(const evidence::Run& run);

/// The device behind a line: by the function in the chip's name (6.3 on), by the number inside an
/// MSI domain, (domain << 27 | function << 11 | message; drivers/pci/msi/irqdomain.c,
/// pci_msi_domain_calc_hwirq), or by a driver's words. Empty when nothing says it.
std::string device_of_line(const evidence::Run& run, const IrqLine& line);

/// A vector that nobody had set up ("0.208 No irq handler for vector": CPU and vector), by the
/// kernel's own times of its messages. Those of a clock that does not run yet (it stands at
/// 0.000000 until the kernel has found one) say nothing of how soon one came after another.
struct StrayVector {
  /// The ten that came soonest after each other. The kernel stops telling after ten in five
  /// seconds (include/linux/ratelimit_types.h): a storm shows in how soon they are used up.
  struct Burst {
    std::uint64_t messages = 0;
    double seconds = 0;
    double per_second = 0;
  };
  std::vector<double> times;  ///< of the kernel's clock, in the order of the messages
  std::uint64_t untimed = 0;  ///< before that clock ran
};

/// Times a second, above which a vector that nobody had set up is a storm, unless a scenario says
/// otherwise: ten of a stock kernel take 190 ms.
constexpr double vector_storm_limit = 100;

/// The ten of these times that lie closest together; nullopt of fewer.
std::optional<StrayVector::Burst> soonest_ten(std::vector<double> times);

/// What the kernel's log says of interrupts, each message once.
struct IrqMessages {
  std::map<std::string, StrayVector> vectors;  ///< by "0.208"
  std::set<std::string> disabled;              ///< numbers of lines that it gave up
  std::vector<std::string> giving_up, no_handler, no_vector, spurious;

  /// What the kernel tells of stray vectors in its first five seconds was used up, by all of them
  /// together (it has one limit for all), and some of it was told before its clock ran.
  bool used_up_early() const;
  /// How often a second vectors came at most while those messages were used up: where fewer than
  /// ten were told before the clock ran, none was held back until the tenth, whose time is known.
  /// nullopt: the clock ran too late to bound it.
  std::optional<double> early_rate_by_clock() const;
};
IrqMessages irq_messages(const evidence::Run& run, const Story& story);

/// While the capture kernel told of stray vectors without a time: from its first line to the first
/// one that has a time, on its line or in its log, on the timeline's clock. After it the kernel
/// gives vectors out itself.
struct EarlyWindow {
  double from = 0;
  double until = 0;
};
/// nullopt: the kernel never said a word, or no line can be found that has a time. Of a line that
/// has only zeros, to its last.
std::optional<EarlyWindow> early_window(const evidence::Run& run, const Story& story);

/// How often QEMU delivered a vector within the window, by the ten deliveries that lie closest
/// together. Vectors belong to a CPU each, and the trace has CPUs by other names than the kernel's
/// messages, one CPU by several.
struct EarlyRate {
  double least = 0;  ///< a second; of the CPUs that got it as often as the kernel told, the least
  double most = 0;   ///< a second, as if all were one CPU's
};
/// `vector`: "0.208"; `seen`: what the kernel told of it. nullopt: QEMU delivered it less often,
/// or its trace does not cover the window.
std::optional<EarlyRate> early_rate(const evidence::Run& run, const EarlyWindow& window,
                                    const std::string& vector, const StrayVector& seen);

}  // namespace quiesce::checks
