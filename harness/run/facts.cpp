// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/facts.hpp"

#include "harness/record/armed.hpp"

namespace quiesce::run {

namespace {

record::AddressRange range_of(const PhysRange& range) {
  return {range.begin.value, range.end.value};
}

PhysRange range_of(const record::AddressRange& range) {
  return {{range.begin}, {range.end}};
}

}  // namespace

record::event::Facts as_record(const ArmedFacts& facts) {
  record::event::Facts record{.machine_kexec = {facts.machine_kexec.value},
                              .crash_region = range_of(facts.crash_region),
                              .has_screen = !facts.production_font.is_null(),
                              .segments = {}};
  for (const auto& segment : facts.segments)
    record.segments.push_back({segment.name, range_of(segment.range)});
  return record;
}

nlohmann::json to_json(const ArmedFacts& facts) {
  record::ArmedFile file{.recipe = facts.recipe,
                         .machine_kexec = {facts.machine_kexec.value},
                         .crash_region = range_of(facts.crash_region),
                         .kernel_data = {},
                         .segments = as_record(facts).segments,
                         .font = std::nullopt};
  for (const auto& range : facts.kernel_data) file.kernel_data.push_back(range_of(range));
  if (!facts.production_font.is_null()) file.font = facts.production_font;
  return record::as_json(file);
}

Result<ArmedFacts> armed_from_json(const nlohmann::json& json) {
  record::ArmedFile file;
  record::Wrong wrong;
  if (!record::read_into(json, file, &wrong))
    return fail(Errc::invalid_input, "armed.json is no JSON object");
  for (const char* key : {record::key_of(&record::ArmedFile::recipe),
                          record::key_of(&record::ArmedFile::machine_kexec),
                          record::key_of(&record::ArmedFile::crash_region),
                          record::key_of(&record::ArmedFile::kernel_data),
                          record::key_of(&record::ArmedFile::segments)})
    if (!json.contains(key)) wrong.emplace_back(key);
  if (!wrong.empty())
    return fail(Errc::invalid_input, "armed.json: {} is missing or of another type",
                fmt::join(wrong, ", "));
  ArmedFacts facts{.recipe = file.recipe,
                   .machine_kexec = {file.machine_kexec.value},
                   .crash_region = range_of(file.crash_region),
                   .kernel_data = {},
                   .production_font = file.font.value_or(nullptr),
                   .segments = {}};
  for (const auto& range : file.kernel_data) facts.kernel_data.push_back(range_of(range));
  for (const auto& segment : file.segments)
    facts.segments.push_back({segment.segment, range_of(segment.range)});
  return facts;
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
