// SPDX-License-Identifier: GPL-2.0-or-later
// What QEMU's trace says, taken in one pass: a trace may be hundreds of megabytes, and what is
// asked of it are configuration writes by function and the events that profiles name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/pci_config.hpp"
#include "harness/scenario/plan.hpp"

namespace quiesce::evidence {

/// One line of trace.log; t is on the timeline's clock.
struct TraceLine {
  double t = 0;
  std::string event;
  std::string arguments;
};

/// One pci_cfg_write of trace.log. The trace does not say how wide the write was.
struct PciWrite {
  double t = 0;
  PciAddress address;
  std::uint32_t offset = 0;
  std::uint32_t value = 0;
};

/// "DEVICE BB:DD.F @0xOFFSET <- 0xVALUE" (QEMU 7.2, hw/pci/trace-events).
std::optional<PciWrite> parse_pci_write(const TraceLine& line);

struct Trace {
  std::uint64_t lines = 0;       ///< trace lines that have a time
  std::vector<PciWrite> writes;  ///< in the trace's order
  /// Places in `writes`, in their order.
  std::map<PciAddress, std::vector<std::uint32_t>> by_function;
  /// When each event came that a profile names, by event and `matches`.
  std::map<std::pair<std::string, std::string>, std::vector<double>> events;

  double last = 0;         ///< time of the last line
  bool goes_back = false;  ///< a line is earlier than one before it by more than half a second
  /// When interrupts were delivered to the CPUs, by vector and by which CPUs; only from the
  /// handover to the capture kernel's agent (harness/run/handover.cpp).
  std::map<unsigned, std::map<std::string, std::vector<double>>> deliveries;

  bool empty() const { return lines == 0; }
  const std::vector<double>& times_of(const scenario::Profile::TraceMeaning& meaning) const;
};

/// Takes the lines as they come. `realtime`: run.start's, seconds since the epoch at t = 0. Lines
/// that are no trace lines are left out.
class TraceReader {
 public:
  TraceReader(const scenario::RunPlan& plan, double realtime);
  void take(std::string_view line);
  Trace done() { return std::move(trace_); }

 private:
  double realtime_;
  double latest_ = 0;
  Trace trace_;
};

}  // namespace quiesce::evidence
