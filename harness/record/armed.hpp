// SPDX-License-Identifier: GPL-2.0-or-later
// armed.json: what is known of a guest that was booted and armed. A run that starts from a snapshot
// of it has only this.
#pragma once

#include "harness/record/events_guest.hpp"
#include "harness/record/fields.hpp"

namespace quiesce::record {

struct ArmedFile {
  std::string recipe;
  Address machine_kexec;
  AddressRange crash_region;
  std::vector<AddressRange> kernel_data;
  std::vector<event::Segment> segments;
  std::optional<Json> font;
  static Rows fields() {
    return table(field("recipe", &ArmedFile::recipe, "", "SHA-256 of what was booted"),
                 field("machine_kexec", &ArmedFile::machine_kexec, "", "the breakpoint"),
                 field("crash_region", &ArmedFile::crash_region, "", "guest-physical"),
                 field("kernel_data", &ArmedFile::kernel_data, "",
                       "where the production kernel keeps its own variables, guest-physical"),
                 field("segments", &ArmedFile::segments, "", "found in the crash region"),
                 maybe("font", &ArmedFile::font, "", "the agent's answer, when there is a screen"));
  }
};

}  // namespace quiesce::record
