// SPDX-License-Identifier: GPL-2.0-or-later
#include "vm-images/agent/kmsg.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "harness/base/fd.hpp"
#include "harness/base/text.hpp"

namespace quiesce::agent {

namespace {

/// Entries beyond this many bytes of text are counted, not sent: the answer must fit into a frame.
constexpr std::size_t most_text = 512U << 10;

template <class Number>
bool parse_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<KmsgRecord> parse_kmsg(std::string_view record) {
  const std::size_t semicolon = record.find(';');
  if (semicolon == std::string_view::npos) return std::nullopt;
  const auto fields = split(record.substr(0, semicolon), ',');
  unsigned priority = 0;
  std::uint64_t microseconds = 0;
  KmsgRecord parsed;
  if (fields.size() < 3 || !parse_whole(fields[0], priority) ||
      !parse_whole(fields[1], parsed.sequence) || !parse_whole(fields[2], microseconds))
    return std::nullopt;
  record.remove_prefix(semicolon + 1);
  parsed.level = static_cast<int>(priority & 7U);
  parsed.guest = static_cast<double>(microseconds) / 1e6;
  parsed.text = printable(record.substr(0, record.find('\n')));
  return parsed;
}

void KmsgTally::add(const KmsgRecord& record) {
  if (!first_) first_ = record.sequence;
  if (records_ > 0 && record.sequence > last_) lost_ += record.sequence - last_ - 1;
  last_ = record.sequence;
  ++records_;
  ++by_level_[record.level];
  if (record.level > least_level_) return;
  if (bytes_ > most_text) {
    ++left_out_;
    return;
  }
  constexpr std::size_t overhead = 64;  // of an entry in JSON
  bytes_ += record.text.size() + overhead;
  entries_.push_back({.sequence = record.sequence,
                      .level = record.level,
                      .guest = record.guest,
                      .text = record.text});
}

Json KmsgTally::to_json() const {
  return record::as_json(answer::Kmsg{.first_sequence = first_.value_or(0),
                                      .last_sequence = last_,
                                      .records = records_,
                                      .lost = lost_,
                                      .left_out = left_out_,
                                      .by_level = {std::begin(by_level_), std::end(by_level_)},
                                      .entries = entries_});
}

Result<void> for_each_record(const std::function<void(const KmsgRecord&)>& take) {
  TRY_ASSIGN(Fd fd, open_file("/dev/kmsg", O_RDONLY | O_NONBLOCK));
  // Longer than CONSOLE_EXT_LOG_MAX (8192): a shorter buffer would get EINVAL.
  std::string buffer(16384, '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
      const auto record = parse_kmsg({buffer.data(), static_cast<std::size_t>(got)});
      if (record) take(*record);
      continue;
    }
    // EPIPE: records were overwritten before we came to them; the sequence numbers tell how many.
    if (got < 0 && (errno == EPIPE || errno == EINTR)) continue;
    if (got < 0 && errno != EAGAIN) return fail_errno("cannot read /dev/kmsg");
    return {};
  }
}

Result<Json> read_kmsg(const Request& request) {
  TRY_ASSIGN(const std::uint64_t level, request.whole(&ask::Kmsg::least_level, 4, 0, 7));
  KmsgTally tally(static_cast<int>(level));
  TRY(for_each_record([&](const KmsgRecord& record) { tally.add(record); }));
  Json answer = tally.to_json();
  // The first of its four numbers; Documentation/admin-guide/sysctl/kernel.rst, printk.
  int console_level = 0;
  const auto printk = read_file("/proc/sys/kernel/printk", 4U << 10);
  if (printk && parse_whole(std::string_view(*printk).substr(0, printk->find_first_of(" \t\n")),
                            console_level))
    answer[record::key_of(&answer::Kmsg::console_level)] = console_level;
  return answer;
}

}  // namespace quiesce::agent
