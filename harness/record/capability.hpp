// SPDX-License-Identifier: GPL-2.0-or-later
// What a target may be able to do beside carrying its serial lines. The words are those of the
// timeline's event `target`, and of what a check says that wanted it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace quiesce::record {

enum class Capability {
  stop,           ///< stand still, at machine_kexec and whenever it is asked to
  registers,      ///< say where its CPUs are
  read_memory,    ///< be read at a guest-physical address
  watch_memory,   ///< have all of its memory compared, pass after pass
  configuration,  ///< have its PCI configuration space read and written from outside
  trace,          ///< trace what happens to its devices
  keys,           ///< get keys and motion from outside
  screen,         ///< show what is on its screen
  nmi,            ///< get a non-maskable interrupt from outside
  bus_errors,     ///< have a PCI Express error reported by a root port
  frames,         ///< get Ethernet frames from outside
};

namespace capability_detail {
/// In the order of the enumerators; each goes on from "the target cannot".
inline constexpr std::array<std::string_view, 11> words{"stop at machine_kexec",
                                                        "show its registers",
                                                        "be read in its memory",
                                                        "have its memory watched",
                                                        "have its configuration space read",
                                                        "trace its devices",
                                                        "get keys",
                                                        "show its screen",
                                                        "get an NMI",
                                                        "report bus errors",
                                                        "get frames"};
/// As the event has them.
inline constexpr std::array<std::string_view, 11> names{
    "stop", "registers", "read-memory", "watch-memory", "configuration", "trace",
    "keys", "screen",    "nmi",         "bus-errors",   "frames"};
}  // namespace capability_detail

inline constexpr std::size_t capability_count = capability_detail::names.size();

/// "watch-memory"
constexpr std::string_view name_of(Capability capability) {
  return capability_detail::names[static_cast<std::size_t>(capability)];
}
/// "have its memory watched"
constexpr std::string_view words_of(Capability capability) {
  return capability_detail::words[static_cast<std::size_t>(capability)];
}

}  // namespace quiesce::record
