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

Result<PhysRange> range_of(const record::answer::Range& range, const std::string& what) {
  if (!range.begin || !range.end)
    return fail(Errc::protocol, "the agent reported {} without a begin or an end", what);
  return PhysRange{{range.begin->value}, {range.end->value}};
}

Result<PhysRange> crash_region(const record::answer::Kernel& kernel) {
  if (!kernel.crash_kernel)
    return fail(Errc::unsupported,
                "the production kernel reserved no crash region (its /proc/iomem has no \"Crash "
                "kernel\"): is crashkernel= too large for the machine?");
  TRY_ASSIGN(const PhysRange region, range_of(*kernel.crash_kernel, "the crash region"));
  if (region.end <= region.begin)
    return fail(Errc::protocol, "the agent reported an empty crash region");
  return region;
}

}  // namespace quiesce::run
