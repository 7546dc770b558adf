// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/evidence/sequence.hpp"

#include <fmt/format.h>

#include "harness/evidence/fields.hpp"
#include "harness/record/line.hpp"

namespace quiesce::evidence {

void Sequence::note(std::size_t at, std::string what) {
  if (++faults_ == 1) first_ = fmt::format("line {}: {}", at, what);
}

void Sequence::follow(std::uint64_t number, std::size_t at) {
  if (number > last_ + 1)
    note(at, number == last_ + 2
                 ? fmt::format("record {} is missing before it", last_ + 1)
                 : fmt::format("records {} to {} are missing before it", last_ + 1, number - 1));
  else if (number <= last_)
    note(at, fmt::format("record {} comes again or too late", number));
  last_ = std::max(last_, number);
}

void Sequence::take(std::string_view line, const nlohmann::json& object, std::size_t at,
                    bool whole) {
  ++lines_;
  const auto fits = record::checksum_fits(line);
  const auto number = whole_of(object, record::number_key);
  if (!fits || !number) {
    if (bare_ == 0) bare_ = at;
    // Without a number of its own it is counted all the same, or all that follow would be wrong.
    ++last_;
    return;
  }
  ++numbered_;
  if (!*fits) {
    note(at, "it does not fit its checksum");
    ++last_;
    return;
  }
  follow(*number, at);
  if (!whole) note(at, "it is cut off");
}

void Sequence::close(const std::string& file, std::vector<std::string>& damage) const {
  if (numbered_ == 0) return;
  if (faults_ > 0)
    damage.push_back(fmt::format("{}: {}{}", file, first_,
                                 faults_ > 1 ? fmt::format(" (and {} more)", faults_ - 1) : ""));
  if (bare_ > 0)
    damage.push_back(fmt::format("{}: line {} carries no number, and others do", file, bare_));
}

}  // namespace quiesce::evidence
