// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/facts.hpp"

namespace quiesce::run {

namespace {

record::AddressRange range_of(const PhysRange& range) {
  return {range.begin.value, range.end.value};
}

}  // namespace

record::event::Facts as_record(const GuestFacts& facts) {
  record::event::Facts record{.machine_kexec = {facts.machine_kexec.value},
                              .crash_region = range_of(facts.crash_region),
                              .has_screen = !facts.production_font.is_null(),
                              .segments = {}};
  for (const auto& segment : facts.segments)
    record.segments.push_back({segment.name, range_of(segment.range)});
  return record;
}

}  // namespace quiesce::run
