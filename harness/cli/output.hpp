// SPDX-License-Identifier: GPL-2.0-or-later
// What the program prints, and where alone it does so. A reader that is gone ends no run: what
// cannot be written to standard error is lost without a word, what cannot be written to standard
// output is known at the end. (fmt::print would throw.)
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace quiesce::cli {

/// Opens what is closed of descriptors 0, 1 and 2, so that no file of the program's gets such a
/// number and with it what is printed. Writing to it fails as it did. To be called first.
void hold_standard_descriptors();

void write_output(std::string_view text);
void write_error(std::string_view text);

/// On standard output: what was asked for.
template <class... Args>
void put(fmt::format_string<Args...> text, Args&&... args) {
  write_output(fmt::format(text, std::forward<Args>(args)...));
}

/// On standard error: everything else. What was put before it comes before it.
template <class... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
  write_error(fmt::format(text, std::forward<Args>(args)...));
}

/// Hands on what was put; the errno of the first that could not be, or 0.
int flush_output();

}  // namespace quiesce::cli
