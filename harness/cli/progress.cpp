// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "harness/base/clock.hpp"
#include "harness/base/text.hpp"
#include "harness/cli/output.hpp"

namespace quiesce::cli {

namespace {

/// Every phase of a run in its order: images and judge are those around harness/run's.
struct Phase {
  std::string_view name;
  std::string_view meaning;
};
constexpr Phase run_phases[] = {
    {"images", "kernels and boot images"},
    {"boot", "the production kernel boots"},
    {"arm", "drivers, capture kernel, busy devices"},
    {"panic", "the kernel is crashed"},
    {"handover", "everything is noted while the machine stands still"},
    {"capture", "the capture kernel boots"},
    {"collect", "what is left is fetched"},
    {"judge", "the checks judge the evidence"},
};

constexpr Phase survey_phase{"survey", "what drivers make of the device"};

constexpr std::size_t usual_columns = 80;
constexpr std::string_view cut_mark = "...";
constexpr std::chrono::seconds tick{1};

double seconds_now() {
  return system_clock().now().time_since_epoch().count();
}

/// Columns of the character that begins with `lead`, at most.
std::size_t columns_of(unsigned char lead) {
  if ((lead & 0xc0) == 0x80) return 0;  // goes on
  return lead >= 0xe1 ? 2 : 1;          // 0xe1 begins U+1000
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (const char byte : text) columns += columns_of(static_cast<unsigned char>(byte));
  return columns;
}

/// The longest start of whole characters that fits.
std::string_view start_of(std::string_view text, std::size_t columns) {
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    used += columns_of(static_cast<unsigned char>(text[at]));
    if (used > columns) return text.substr(0, at);
  }
  return text;
}

}  // namespace

std::string progress_line(const Whereabouts& where) {
  std::string line = fmt::format("{:6.1f} s  ", where.seconds);
  if (where.turn.count > 1)
    line += fmt::format("run {} of {}, ", where.turn.number, where.turn.count);
  line += where.title + ": ";
  const auto* phase = std::ranges::find(run_phases, where.phase, &Phase::name);
  const bool known = phase != std::end(run_phases);
  if (where.boot > 0)
    line += fmt::format("boot {} of at most {}, ", where.boot, where.most_boots);
  else if (known && where.most_boots == 0)
    line += fmt::format("phase {} of {}, ", phase - run_phases + 1, std::size(run_phases));
  line += where.phase;
  if (!where.note.empty())
    line += ": " + where.note;
  else if (known)
    line += fmt::format(": {}", phase->meaning);
  else if (where.phase == survey_phase.name)
    line += fmt::format(": {}", survey_phase.meaning);
  line = printable(line);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\t', ' ');
  return line;
}

std::string fit(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns <= cut_mark.size()) return std::string(start_of(text, columns));
  return std::string(start_of(text, columns - cut_mark.size())).append(cut_mark);
}

std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* columns = std::getenv("COLUMNS");
  const long number = columns != nullptr ? std::strtol(columns, nullptr, 10) : 0;
  return number > 0 ? static_cast<std::size_t>(number) : usual_columns;
}

Progress::Progress(Mode mode, std::string title, Turn turn, int most_boots)
    : mode_(mode), begin_(seconds_now()) {
  where_.turn = turn;
  where_.most_boots = most_boots;
  where_.title = std::move(title);
  if (mode_ != Mode::live) return;
  // A signal is for the thread that watches for it, or for the whole program.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  ticker_ = std::jthread([this](const std::stop_token& stop) { show_every_second(stop); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Progress::~Progress() {
  done();
}

void Progress::show_every_second(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, stop, tick, [&] { return stop.stop_requested(); }))
    if (!where_.phase.empty()) show();
}

void Progress::phase(const std::string& name) {
  const std::lock_guard lock(mutex_);
  where_.phase = name;
  if (where_.most_boots > 0 && name == run_phases[0].name) ++where_.boot;
  where_.note.clear();
  show();
}

void Progress::note(const std::string& text) {
  const std::lock_guard lock(mutex_);
  where_.note = text;
  show();
}

void Progress::show() {
  where_.seconds = seconds_now() - begin_;
  switch (mode_) {
    case Mode::silent:
      return;
    case Mode::plain:
      say("{}\n", progress_line(where_));
      return;
    case Mode::live:
      // In the last column some terminals go to the next line at once.
      say("\r\x1b[K{}", fit(progress_line(where_), terminal_columns() - 1));
      line_open_ = true;
  }
}

void Progress::done() {
  if (ticker_.joinable()) {
    ticker_.request_stop();
    ticker_.join();
  }
  mode_ = Mode::silent;
  if (std::exchange(line_open_, false)) say("\r\x1b[K");
}

}  // namespace quiesce::cli
