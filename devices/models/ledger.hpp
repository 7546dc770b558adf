// SPDX-License-Identifier: GPL-2.0-or-later
// A model's own record of what it did: device-NAME.ndjson of a run directory. What the checks found
// is held against it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/base/fd.hpp"

namespace quiesce::models {

/// Lines {"mono": seconds of CLOCK_MONOTONIC, "event": ..., ...}, each written at once. Addresses
/// are texts ("0x1f000"). Events and their fields:
/// - start: model, name, seed, settings
/// - connect, disconnect: none
/// - hold, release: none; in between the machine stood still
/// - kernel: role (which kernel runs from now on)
/// - bus-master: on
/// - config: offset, width, value (Command, PMCSR, Device Control, MSI)
/// - run: address, bytes, item, rate
/// - stop: by ("control", "soft", "flr", "pm", "device", "done")
/// - dma.write: address, bytes, sequence, epoch (the tags' block), tagged, crc (CRC-32 of the
/// bytes)
/// - dma.blocked: address, bytes, why ("bus-master", "unmapped"); once until something changes
/// - reset: kind ("flr", "pm", "device", "soft"), effect (its registers are at their defaults),
///   stops (its DMA ends), ready_ms
/// - interrupt: kind ("intx", "msi"), vector, count (about a line in a tenth of a second)
/// - aer: severity, status
/// - copy: from, to, bytes, ok, crc (of what was copied; CRC-32)
class Ledger {
 public:
  /// Without a file nothing is written.
  Ledger() = default;
  explicit Ledger(Fd file) : file_(std::move(file)) {}
  void note(const char* event, nlohmann::json fields = nlohmann::json::object());

 private:
  std::optional<Fd> file_;
};

}  // namespace quiesce::models
