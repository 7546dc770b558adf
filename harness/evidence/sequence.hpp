// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace quiesce::evidence {

/// Follows the numbers and checksums of the lines of one .ndjson file, and says what does not fit:
/// a gap, a repetition, a wrong order, a changed line, a line without its end. A file of which no
/// line carries a number is of an older program, and nothing is said of it.
class Sequence {
 public:
  /// `at`: the line's number in the file, from 1; `whole`: it ends with a line feed.
  void take(std::string_view line, const nlohmann::json& object, std::size_t at, bool whole);
  /// One sentence a file, "FILE: what".
  void close(const std::string& file, std::vector<std::string>& damage) const;

  bool numbered() const { return numbered_ > 0; }
  bool bare() const { return numbered_ == 0 && bare_ > 0; }

 private:
  void note(std::size_t at, std::string what);
  void follow(std::uint64_t number, std::size_t at);

  std::uint64_t lines_ = 0;
  std::uint64_t numbered_ = 0;
  std::uint64_t last_ = 0;
  std::size_t bare_ = 0;  ///< the first line without a number
  std::uint64_t faults_ = 0;
  std::string first_;
};

}  // namespace quiesce::evidence
