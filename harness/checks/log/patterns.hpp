// SPDX-License-Identifier: GPL-2.0-or-later
// What a kernel's own messages say about its health, as tables.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quiesce::checks {

/// A class of trouble: "oops", "warning", "lockup", "timeout", "aer", "dmar", "irq", "memory", and
/// what is only told: "vector" (a stray interrupt in its place), "aer-corrected".
struct LogPattern {
  const char* kind;
  const char* pattern;
};
std::span<const LogPattern> log_patterns();

/// Messages that match a pattern and mean no harm, with the reason.
struct Harmless {
  const char* pattern;
  const char* reason;
};
std::span<const Harmless> harmless_messages();

/// The class of a message, or empty when it is none or harmless. Without the kernel's time stamp.
std::string classify(std::string_view message);

}  // namespace quiesce::checks
