// SPDX-License-Identifier: GPL-2.0-or-later
// What several checks need: the run's points in time, its agent, and words for people.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/checks/check.hpp"
#include "harness/evidence/fields.hpp"
#include "harness/scenario/mention.hpp"

namespace quiesce::checks {

/// The points of a run. A point that was not reached is nullopt.
struct Story {
  std::optional<double> panic;  ///< when it was asked for, or else when it was seen
  std::optional<double> handover;
  std::optional<double> first_line;     ///< the capture kernel's first line on the serial line
  std::optional<double> capture_entry;  ///< userspace of the capture kernel
  std::optional<double> drivers;
  std::optional<double> tests;
  std::optional<double> capture_end;
  double end = 0;  ///< of the evidence: the last event or serial line
  /// run.end's reason: "finished" also when the guest missed a deadline; empty when the harness was
  /// killed.
  std::string ended;
  std::string phase;  ///< the last phase that began
  /// The guest had the time it was due: what it did not do, it will not do.
  bool finished() const { return ended == "finished"; }
  /// "error in phase capture", "interrupted in phase boot", "the harness died in phase arm".
  std::string cut_off() const;
};
Story story(const evidence::Run& run);

/// The step of the capture kernel in which it got stuck (event capture.stuck), or nullopt.
std::optional<std::string> stuck_step(const evidence::Run& run);

/// Serial lines of the capture kernel: from its first line on, or from the handover when that is
/// not marked.
std::vector<const evidence::SerialLine*> capture_serial(const evidence::Run& run,
                                                        const Story& story);
/// Without the kernel's own "[    1.234567] ".
std::string_view message_of(std::string_view line);

using scenario::mentions;
/// Said by the bus: of devices that it finds at boot, or on a driver's behalf while it enables one.
bool is_of_the_bus(std::string_view message);

/// A record as /dev/kmsg writes it, with what it escapes put right: "\\x0a" for what is not
/// printable, and for the backslash (kernel/printk/printk.c, append_char).
std::string unescape(std::string_view record);

/// A stretch of the capture kernel's log in which it said nothing, by its own clock.
struct Silence {
  double begin = 0;
  double end = 0;
  std::string before;             ///< the message that it begins with
  std::string after;              ///< and the one that ends it
  std::vector<std::string> soon;  ///< what came within 0.1 s after that one
  double seconds() const { return end - begin; }
};
/// The longest one up to `until` of the kernel's clock, by the records that the agent read; nullopt
/// without two of them.
std::optional<Silence> longest_silence(const evidence::Run& run, double until);

/// A pattern's pieces, separated by '*', occur in the message in this order; letters count as they
/// are.
bool matches(std::string_view pattern, std::string_view message);

/// "3 pages", "1 page".
std::string count(std::uint64_t number, std::string_view noun);
/// At most `most` of the lines, then "and N more".
void append_capped(std::vector<std::string>& to, const std::vector<std::string>& lines,
                   std::size_t most = 40);
/// "a, b and c".
std::string list_words(const std::vector<std::string>& words);
/// At most `most` bytes of it, with "..." where it was cut.
std::string shorten(std::string_view text, std::size_t most = 120);

}  // namespace quiesce::checks
