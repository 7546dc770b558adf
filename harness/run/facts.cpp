// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/facts.hpp"

#include <fmt/format.h>

#include "harness/base/text.hpp"
#include "harness/record/json_text.hpp"

namespace quiesce::run {

namespace {

nlohmann::json range_json(const PhysRange& range) {
  return nlohmann::json::array(
      {fmt::format("{:#x}", range.begin.value), fmt::format("{:#x}", range.end.value)});
}

}  // namespace

nlohmann::json to_json(const GuestFacts& facts) {
  nlohmann::json segments = nlohmann::json::array();
  for (const auto& segment : facts.segments)
    segments.push_back({{"name", segment.name}, {"range", range_json(segment.range)}});
  return {{"machine_kexec", fmt::format("{:#x}", facts.machine_kexec.value)},
          {"crash_region", range_json(facts.crash_region)},
          {"has_screen", !facts.production_font.is_null()},
          {"segments", segments}};
}

Result<std::uint64_t> address_at(const nlohmann::json& object, const char* key) {
  const auto value = parse_number(record::text_at(object, key));
  if (!value) return fail(Errc::protocol, "the agent reported {} as {}", key, object.dump());
  return *value;
}

Result<PhysRange> crash_region(const nlohmann::json& description) {
  const auto region = description.find("crash_kernel");
  if (region == description.end() || !region->is_object())
    return fail(Errc::unsupported,
                "the production kernel reserved no crash region (its /proc/iomem has no \"Crash "
                "kernel\"): is crashkernel= too large for the machine?");
  TRY_ASSIGN(const std::uint64_t begin, address_at(*region, "begin"));
  TRY_ASSIGN(const std::uint64_t end, address_at(*region, "end"));
  if (begin >= end) return fail(Errc::protocol, "the agent reported an empty crash region");
  return PhysRange{{begin}, {end}};
}

}  // namespace quiesce::run
