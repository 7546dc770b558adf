// SPDX-License-Identifier: GPL-2.0-or-later
// What kernels print in a form of its own, whoever is concerned: as tables.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace quiesce::checks::tables {

/// A report of the kernel's about itself. The first row that matches decides; '*' stands for
/// anything, and a pattern that begins with '^' stands at the beginning of the message.
struct Report {
  const char* kind;  ///< the class
  const char* pattern;
  /// May come below another report, which it then belongs to: "Oops: " below "BUG: ".
  bool follows = false;
};
std::span<const Report> reports();

/// Messages that are none of trouble, whatever words are in them, with the reason.
struct Harmless {
  const char* pattern;
  const char* reason;
};
std::span<const Harmless> harmless();

/// How the lines below a report begin.
std::span<const std::string_view> continuations();

/// Parts of every machine that no plan tests unless it names them: the beginning of the message.
std::span<const std::string_view> platform();

/// Names that a driver's devices get from others than itself.
struct Alias {
  const char* driver;  ///< or module; "snd*" is any that so begins
  const char* name;    ///< as the origin's driver, or a block device's beginning
};
std::span<const Alias> aliases();

/// '*' and '^' as above.
bool fits(std::string_view pattern, std::string_view message);

}  // namespace quiesce::checks::tables
