// SPDX-License-Identifier: GPL-2.0-or-later
// What a sentence of a driver says: that something went wrong, or that nothing did, or how
// something is set. Knows neither levels nor devices.
#pragma once

#include <string>
#include <string_view>

namespace quiesce::checks {

/// How plainly a sentence tells of trouble.
enum class Trouble {
  none,
  hinted,     ///< "invalid", "unknown": may be said of what is well
  mentioned,  ///< "removed", "busy": of trouble or of what was asked for
  named,      ///< "error", "fault": said of trouble, and seldom in passing
  stated,     ///< "failed", an error number of the kernel's
  grave,      ///< "timed out", "dead": what it is said of is of no use
};

struct Reading {
  Trouble trouble = Trouble::none;
  bool late = false;      ///< of what did not come in time, or hangs
  bool managed = false;   ///< the driver goes on: "retrying", "ignoring"
  bool replaced = false;  ///< it goes on another way, and needs what failed no more: "falling back"
  bool calm = false;      ///< says outright that all is well, or only how something is set
  std::string words;      ///< those that decided
};
Reading read_sentence(std::string_view body);

/// The error number that a text ends a report with: "(-16)", "error -110", "err
/// -ETIMEDOUT"; 0: none.
int errno_of(std::string_view text);

}  // namespace quiesce::checks
