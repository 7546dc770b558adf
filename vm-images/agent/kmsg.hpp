// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's log, record by record, with what of it was lost.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "vm-images/agent/request.hpp"

namespace quiesce::agent {

/// A record of /dev/kmsg (Documentation/ABI/testing/dev-kmsg): "6,339,5140900,-;text", then lines
/// that begin with a blank and are not taken.
struct KmsgRecord {
  int level = 0;  ///< 0 emergency .. 7 debug; the facility is cut off
  std::uint64_t sequence = 0;
  double guest = 0;  ///< seconds of the kernel's log clock
  std::string text;
};
std::optional<KmsgRecord> parse_kmsg(std::string_view record);

/// Calls `take` with each record that is in the log now.
Result<void> for_each_record(const std::function<void(const KmsgRecord&)>& take);

/// Counts records and the gaps in their sequence numbers.
class KmsgTally {
 public:
  explicit KmsgTally(int least_level) : least_level_(least_level) {}
  void add(const KmsgRecord& record);
  /// The answer to the request.
  Json to_json() const;

 private:
  int least_level_;
  std::optional<std::uint64_t> first_;
  std::uint64_t last_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t by_level_[8] = {};
  std::uint64_t left_out_ = 0;
  std::size_t bytes_ = 0;
  std::vector<answer::LogEntry> entries_;
};

/// Reads what is in the log now; returns the fields of the answer.
Result<Json> read_kmsg(const Request& request);

}  // namespace quiesce::agent
