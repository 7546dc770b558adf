// SPDX-License-Identifier: GPL-2.0-or-later
// Who made a stray write, and how sure that is.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/evidence/run.hpp"

namespace quiesce::checks {

/// What names the writer. By tag and by ledger is certain, by ring and by gating likely.
enum class By { tag, ledger, ring, gating, owner, unknown };
inline constexpr std::size_t by_count = 6;
/// "tag", "ledger", "ring", "gating", "owner", "unknown".
const char* to_string(By by);

struct Attributed {
  By by = By::unknown;
  std::vector<std::string> devices;  ///< sorted; empty for owner and unknown
};

/// How the pages of a device behaved in the gating experiment.
struct GateOdds {
  std::size_t on = 0;   ///< windows with its Bus Master on, in each of which its pages changed
  std::size_t off = 0;  ///< windows with its Bus Master off, in none of which they did
};

struct Attribution {
  std::vector<Attributed> strays;          ///< one for each of run.strays, in their order
  std::map<std::string, GateOdds> gating;  ///< devices that were named by gating
  std::size_t windows = 0;                 ///< of the gating experiment
  double stopped_s = 0;                    ///< time that the machine stood still for it
};

/// By tag; and by a ledger's write that overlaps the changed bytes and was made between the two
/// passes (all ledgers that claim it are named, and they overrule the tag of a device whose own
/// ledger does not); else by gating: the page changed in every window
/// with the device's Bus Master on and in none with it off, and there is one with it on before and
/// after. A page that fits two devices is nobody's.
Attribution attribute(const evidence::Run& run);

/// Pages that a ledger has as written while the watch looked, and that the watch did not see
/// change: by device. Left out: excluded ranges, what came before the baseline or after the last
/// pass, and writes of the bytes that were there before.
std::map<std::string, std::uint64_t> missed_by_watch(const evidence::Run& run);

}  // namespace quiesce::checks
