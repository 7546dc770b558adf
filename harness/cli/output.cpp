// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

namespace quiesce::cli {

namespace {

/// Progress comes from a thread of its own, and flushes, too.
std::atomic<int> output_trouble{0};

void note_trouble(int why) {
  int none = 0;
  output_trouble.compare_exchange_strong(none, why);
}

}  // namespace

void hold_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one. It cannot be used the way that it is meant for.
    const int mode = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::open("/dev/null", mode | O_NOCTTY) < 0) return;
  }
}

void write_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size()) note_trouble(errno);
}

void write_error(std::string_view text) {
  flush_output();
  (void)!std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

int flush_output() {
  if (std::fflush(stdout) != 0) note_trouble(errno);
  return output_trouble.load();
}

}  // namespace quiesce::cli
