// SPDX-License-Identifier: GPL-2.0-or-later
// A result for programs: as result.json has it.
#include "reports/format.hpp"

namespace quiesce::reports {

namespace {

std::string render_json(const checks::RunResult& result, const Style&) {
  return to_json(result).dump(1) + "\n";
}

const Format json_format{.name = "json",
                         .meaning = "for programs, as result.json",
                         .media = "application/json",
                         .ending = ".json",
                         .render = render_json};
const Registration register_json(json_format);

}  // namespace

}  // namespace quiesce::reports
