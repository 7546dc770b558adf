// SPDX-License-Identifier: GPL-2.0-or-later
// Collecting what is wrong, and the words for it. Internal to scenario/.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/scenario/load.hpp"

namespace quiesce::scenario {

/// Everything that is wrong with one text, at most `limit` entries: beyond that only their number
/// is kept.
class Report {
 public:
  static constexpr std::size_t limit = 100;

  explicit Report(std::string file) : file_(std::move(file)) {}
  void add(std::string place, std::string message);
  void add(Diagnostic diagnostic);

  const std::string& file() const { return file_; }
  bool empty() const { return diagnostics_.empty(); }
  bool full() const { return diagnostics_.size() >= limit; }
  /// Whether something at or below `place` is wrong already: rules about its value would only
  /// confuse.
  bool touches(std::string_view place) const;
  /// The diagnostics; the last one says how many more there were.
  std::vector<Diagnostic> take();

 private:
  std::string file_;
  std::vector<Diagnostic> diagnostics_;
  std::size_t more_ = 0;
};

/// A JSON pointer (RFC 6901) one step down.
std::string below(std::string_view place, std::string_view key);
std::string below(std::string_view place, std::size_t index);
bool is_at_or_below(std::string_view place, std::string_view root);

/// `"two"`, `12`, "an object": a value as a diagnostic names it, cut when it is long.
std::string found(const nlohmann::json& value);
/// `"a", "b"`
std::string quoted_list(std::span<const std::string> words);
/// `unknown key "cpu"; did you mean "cpus"?`, or the list of what is known when nothing is near.
std::string unknown(std::string_view what, std::string_view word,
                    std::span<const std::string> known);

}  // namespace quiesce::scenario
