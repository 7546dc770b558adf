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
/// are texts ("0x1f000"). Events:
///   start      model, name, seed, settings                 end      writes, bytes, interrupts
///   connect, disconnect                                    hold, release   (the machine stood
///   still) map, unmap         address, bytes bus-master         on config             offset,
///   width, value    (Command, PMCSR, Device Control, MSI and MSI-X control) run, stop address,
///   bytes, item, rate; stop: by ("control", "flr", "pm", "device", ...) dma.write address, bytes,
///   sequence, tagged, crc (CRC-32 of the bytes) dma.blocked        address, bytes, why
///   ("bus-master", "unmapped"); one line a reason and second,
///                      with count
///   reset              kind ("flr", "pm", "device", "soft"), effect (bool), ready_ms
///   ready              after a reset that took its time
///   interrupt          kind ("intx", "msi", "msix"), vector, count   (one line a tenth of a
///   second) aer                severity, status copy               from, to, bytes, ok
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
