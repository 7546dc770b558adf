// SPDX-License-Identifier: GPL-2.0-or-later
// From text to JSON, with what a lenient parser would let pass. Internal to scenario/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/report.hpp"

namespace quiesce::scenario {

/// Deepest nesting that is accepted: nlohmann copies and destroys by recursion in places.
inline constexpr std::size_t deepest = 64;
/// Longest text, bytes.
inline constexpr std::size_t longest_text = 1U << 20;

struct Document {
  nlohmann::json value;
  /// The keys of the top-level object "matrix" as they stand in the text: a JSON object is sorted,
  /// cells are not.
  std::vector<std::string> matrix_order;
};

/// Whether `//` and `/* */` are passed over, as in files that people write.
enum class Comments { allowed, refused };

/// nullopt when the text is no JSON; a key that is given twice is reported and its first value
/// kept.
std::optional<Document> parse_json(std::string_view text, Report& report,
                                   Comments comments = Comments::allowed);

/// Whether nothing in `value` is nested deeper than `deepest`; does not recurse.
bool is_shallow(const nlohmann::json& value);

}  // namespace quiesce::scenario
