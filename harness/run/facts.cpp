// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/facts.hpp"

#include <fmt/format.h>

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

}  // namespace quiesce::run
