// SPDX-License-Identifier: GPL-2.0-or-later
// One action on one device: what was done, whether the device wrote before it and after it, and how
// it came out of it. A rung of the ladder that bus.reset judges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/checks/endings.hpp"
#include "harness/checks/reset/sightings.hpp"

namespace quiesce::checks {

struct Rung {
  enum class Ran {
    done,     ///< it reported success
    refused,  ///< there is no such thing for this device: no such method, no bridge, no capability
    failed,   ///< it exists and reported a failure; the device answers
    lost,     ///< the device does not answer afterwards, or the kernel hangs in it
    unknown,  ///< the agent said nothing of it
  };
  enum class Dma {
    unknown,  ///< nobody could see a write after it, or nothing shows that one was to be expected
    quiet,    ///< no write, but there was none right before either
    stopped,  ///< it wrote until the action, and no more after it
    ended,    ///< it wrote until then and no more, though nothing was done that could have ended it
    dry,      ///< it had nothing to write into (receive ring used up) or to write (no frame fed)
    writing,  ///< it wrote after the action
  };

  std::string device;
  std::uint64_t number = 0;  ///< in the scenario's list
  std::string action;        ///< "reset", "bus-master-off", ...
  std::string method;
  std::string error;
  double began = 0;
  double told = 0;     ///< of the record that tells of it
  double ended = 0;    ///< the action came back
  double settled = 0;  ///< until when the device was watched
  double next = 0;     ///< begin of the next action on the device, or infinity
  Ran outcome = Ran::unknown;
  Dma dma = Dma::unknown;
  bool by_ledger = false;  ///< the device's ledger says when it wrote
  /// The last write after the action's begin, where it was seen: between these, milliseconds; 0 is
  /// a write before it.
  std::optional<double> last_at_least_ms, last_at_most_ms;
  std::optional<double> ready_ms;
  std::optional<bool> defaults;  ///< a model's registers
  /// A model's registers did not answer so long after the action, milliseconds.
  std::optional<double> silent_ms;
  std::optional<bool> restored;  ///< configuration space
  std::optional<bool> works;
  std::vector<Ending> trace;        ///< what QEMU's trace has of it
  std::vector<std::string> ledger;  ///< what the device's ledger has of it
  bool ledger_denies = false;       ///< the ledger has a reset, and all of them without effect

  /// "reset flr".
  std::string what() const { return method.empty() ? action : action + " " + method; }
  bool does_something() const { return action != "nothing"; }
  /// Function and bus resets: they put registers back and end DMA (PCIe 6.0, 6.6).
  bool is_reset() const { return action == "reset" || action == "hot-reset"; }
  bool was_seen_writing() const {
    return dma == Dma::stopped || dma == Dma::ended || dma == Dma::writing;
  }
};
/// "stopped", "goes on", ...: for the table.
const char* to_string(Rung::Dma dma);
const char* to_string(Rung::Ran ran);

/// All actions that the run did on the device at `at` ("production", "before-drivers"), by time.
std::vector<Rung> rungs_of(const evidence::Run& run, const scenario::PlannedDevice& device,
                           const std::string& at, const Attribution& who);

}  // namespace quiesce::checks
