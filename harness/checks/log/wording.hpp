// SPDX-License-Identifier: GPL-2.0-or-later
// Words of the kernel's messages, as tables, in small letters. reading.cpp says how
// they are used; of phrases that begin alike the longest counts.
#pragma once

#include <span>
#include <string_view>

#include "harness/checks/log/reading.hpp"

namespace quiesce::checks::wording {

/// A word or several in a row that tell of trouble.
struct Phrase {
  /// What can undo it, beside a number 0 before it.
  enum class Kind {
    verb,  ///< "failed": nothing but a condition ("if it fails")
    noun,  ///< "error": a negation ("no error"), a zero behind it, success beside it, and a word
           ///< that makes a feature of it ("error reporting")
    time,  ///< a noun that is also a setting: "timeout 20 s", "timeout=5"
  };
  std::string_view words;
  Trouble trouble;
  Kind kind = Kind::verb;
  bool late = false;
};
std::span<const Phrase> phrases();

/// Before a noun, in the same clause: "no", "without".
std::span<const std::string_view> negations();
/// Before a phrase, in the same clause: "if", "may".
std::span<const std::string_view> conditions();
/// Behind a noun, which they make the name of a feature: "error reporting".
std::span<const std::string_view> features();
/// Behind or before a setting: "set", "default".
std::span<const std::string_view> settings();
/// Behind "cannot": what a device or a kernel need not be able to do: "can't assign".
std::span<const std::string_view> abilities();
/// Of good news: "recovered", "passed".
std::span<const std::string_view> successes();
/// Of going on: "retrying", "ignoring".
std::span<const std::string_view> ways_out();
/// Of another way instead: "falling back".
std::span<const std::string_view> replacements();

/// What an error number of include/uapi/asm-generic/errno.h says of a device.
struct Errno {
  int number;
  const char* name;
  Trouble trouble;
  bool late = false;
};
std::span<const Errno> errnos();

}  // namespace quiesce::checks::wording
