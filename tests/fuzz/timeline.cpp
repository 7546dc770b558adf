// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as timeline.ndjson, dma.ndjson, agent.ndjson, serial.log or trace.log: the first byte
// chooses.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/evidence/parse.hpp"
#include "harness/evidence/pci_write.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quiesce::evidence;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Damage damage;
  switch (data[0] % 6) {
    case 0:
      parse_timeline(text, damage);
      break;
    case 1:
      parse_strays(text, damage);
      break;
    case 2:
      parse_agent(text, damage);
      break;
    case 3:
      parse_serial(text);
      break;
    case 4: {
      quiesce::scenario::RunPlan plan;
      plan.devices.emplace_back().profile.trace = {{"virtio_set_status", "driver-reset", "val 0"}};
      parse_trace(text, 0, plan);
      break;
    }
    default:
      parse_pci(text, "fuzz", damage);
      break;
  }
  return 0;
}
