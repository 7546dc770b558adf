// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "harness/base/clock.hpp"

namespace quiesce::cli {

namespace {

double seconds() {
  return system_clock().now().time_since_epoch().count();
}

}  // namespace

bool colour_on_output() {
  const char* no_colour = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0');
}

bool terminal_on_error() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && (terminal == nullptr || std::string(terminal) != "dumb");
}

Progress::Progress(Mode mode, std::string title)
    : mode_(mode), title_(std::move(title)), begin_(seconds()) {}
Progress::~Progress() {
  done();
}

void Progress::phase(const std::string& name) {
  phase_ = name;
  note_.clear();
  show();
}

void Progress::note(const std::string& text) {
  note_ = text;
  show();
}

void Progress::show() {
  const double passed = seconds() - begin_;
  const std::string text = fmt::format("{:6.1f} s  {}: {}{}{}", passed, title_, phase_,
                                       note_.empty() ? "" : ": ", note_);
  switch (mode_) {
    case Mode::silent:
      return;
    case Mode::plain:
      fmt::print(stderr, "{}\n", text);
      return;
    case Mode::live:
      fmt::print(stderr, "\r\x1b[K{}", text);
      std::fflush(stderr);
      line_open_ = true;
  }
}

void Progress::done() {
  if (std::exchange(line_open_, false)) fmt::print(stderr, "\r\x1b[K");
}

}  // namespace quiesce::cli
