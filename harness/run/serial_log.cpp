// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/run/serial_log.hpp"

#include <array>
#include <utility>

#include "harness/base/text.hpp"

namespace quiesce::run {

namespace {

// A guest that never ends its line must not fill our memory.
constexpr std::size_t longest_line = 16384;

struct Landmark {
  std::string_view text;
  const char* name;
};
// In this order: the panic that follows from init's death carries both texts.
constexpr std::array<Landmark, 4> landmarks{{{"Linux version ", "kernel-start"},
                                             {"Attempted to kill init", "init-killed"},
                                             {"Kernel panic - not syncing", "panic"},
                                             {"sysrq: HELP", "sysrq-help"}}};

}  // namespace

void SerialLog::feed(std::string_view bytes) {
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line_ += bytes.substr(0, end);
    if (end == std::string_view::npos) {
      if (line_.size() > longest_line) flush();
      return;
    }
    flush();
    bytes.remove_prefix(end + 1);
  }
}

void SerialLog::flush() {
  if (line_.empty()) return;
  const std::string line = printable(std::exchange(line_, {}));
  sink_(line);
}

std::string landmark(std::string_view line) {
  for (const auto& [text, name] : landmarks)
    if (line.find(text) != std::string_view::npos) return name;
  return {};
}

}  // namespace quiesce::run
