// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/kernel_words.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "harness/scenario/mention.hpp"

namespace quiesce::run {

std::vector<std::string> telling_lines(const std::vector<record::answer::LogEntry>& log,
                                       const std::vector<scenario::PlannedDevice>& devices) {
  constexpr std::size_t most = 3;
  const auto last_of = [&](const auto& is_meant) {
    std::vector<std::string> lines;
    for (auto entry = log.rbegin(); entry != log.rend() && lines.size() < most; ++entry)
      if (is_meant(entry->text)) lines.push_back(entry->text);
    std::ranges::reverse(lines);
    return lines;
  };
  auto lines = last_of([&](const std::string& text) {
    return std::ranges::any_of(devices, [&](const auto& device) {
      // What the bus said when it found the function tells nothing.
      return !text.starts_with("pci ") && scenario::mentions(text, device);
    });
  });
  return lines.empty() ? last_of([](const std::string&) { return true; }) : lines;
}

Error in_kernels_words(const GuestSide& guest, const Error& why,
                       const std::vector<scenario::PlannedDevice>& devices) {
  const auto answer =
      guest.agent.ask(record::request::Kmsg{.least_level = record::info_level}, Seconds(20));
  if (!answer) return why;
  const auto lines = telling_lines(record::read<record::answer::Kmsg>(*answer).entries, devices);
  if (lines.empty()) return why;
  return {why.code(),
          fmt::format("{}; the kernel's log: \"{}\"", why.describe(), fmt::join(lines, "\", \""))};
}

}  // namespace quiesce::run
