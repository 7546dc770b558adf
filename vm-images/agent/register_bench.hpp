// SPDX-License-Identifier: GPL-2.0-or-later
// How long a read of a device's register takes, seen from where drivers wait for it.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "harness/base/clock.hpp"
#include "vm-images/agent/bar.hpp"
#include "vm-images/agent/pci_tree.hpp"
#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

struct RegisterBench {
  PciAddress address;
  std::uint32_t offset = 0;  ///< in BAR 0, within its first 4096 bytes
  std::uint64_t reads = 1000;
  std::uint64_t rounds = 5;
  Seconds patience{60};  ///< for all of it
};
Result<RegisterBench> read_register_bench(const Request& request);

struct RegisterTimes {
  std::uint32_t first = 0;          ///< what the register held before
  std::uint32_t last = 0;           ///< and after
  std::vector<double> nanoseconds;  ///< of one read, by round
};
/// closed when the function is gone, timeout when `over` became true.
Result<RegisterTimes> time_reads(const Bar& bar, const RegisterBench& bench,
                                 const std::atomic<bool>& over);

/// What `call` returned while the function was enabled and answered memory accesses; then it is as
/// it was. Bus Master is not touched.
Result<Json> while_enabled(const PciTree& tree, PciAddress address,
                           const std::function<Result<Json>()>& call);

/// The answer to `register-bench`. It comes in time even when a read does not come back.
Result<Json> bench_registers(const PciTree& tree, const RegisterBench& bench);
Result<Json> bench_registers(const Request& request);

}  // namespace quiesce::agent
