// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel means by a message: of which class of trouble it is, of whose device, and why.
//
// In this order: the forms in which the kernel reports its own trouble (tables.hpp); who speaks
// (message.hpp); what is said (reading.hpp), weighed by level and by whether a device under test is
// meant. A word alone decides nothing.
#pragma once

#include <string>
#include <vector>

#include "harness/checks/log/message.hpp"

namespace quiesce::checks {

/// By what a message can name a device, and what else the machine has.
struct UnderTest {
  std::vector<std::string> addresses;  ///< "0000:00:03.0"
  std::vector<std::string> drivers;    ///< and modules
  /// Functions of the machine that no plan tests: its chipset's. Bridges are not among them, for
  /// they report what lies behind them.
  std::vector<std::string> others;
};

/// Whose trouble it is.
enum class Concerns {
  kernel,  ///< its own
  tested,  ///< a device under test
  other,   ///< one that is known not to be: "0000:00:1f.2", "i8042"
  unknown  ///< a device that nothing tells more of
};
const char* to_string(Concerns whose);

/// A class of trouble: "oops", "warning", "lockup", "timeout", "device", "aer", "dmar", "irq",
/// "memory", "boot"; what is only told: "vector" (a stray interrupt in its place),
/// "aer-corrected", "elsewhere" (a device that is not under test).
struct Judgement {
  std::string kind;  ///< empty: none
  Concerns concerns = Concerns::kernel;
  std::string why;  ///< the form, the words, the level; for people
  /// Below a report of its kind it is a part of that.
  bool follows = false;
};
Judgement classify(const Message& message, const UnderTest& tested);

/// Whose device a message names.
Concerns concerns(std::string_view text, const Origin& origin, const UnderTest& tested);

}  // namespace quiesce::checks
