// SPDX-License-Identifier: GPL-2.0-or-later
// Where a run is, for a person who watches.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace quiesce::cli {

/// Which of how many runs it is; nothing is said of a single one.
struct Turn {
  std::size_t number = 1;
  std::size_t count = 1;
};

/// What there is to show.
struct Whereabouts {
  double seconds = 0;  ///< since the run began
  Turn turn;
  std::string title;  ///< the scenario
  std::string phase;
  std::string note;  ///< what is waited for, or what came last
  /// Of what boots a guest several times and crashes none: the phases of a run are not counted
  /// then.
  int most_boots = 0;
  int boot = 0;  ///< which one it is; 0 before the first
};

/// "  12.3 s  run 3 of 12, first-run: phase 6 of 8, capture: observing without drivers". One line
/// without control characters. A phase without a note says what it is for. "boot 2 of at most 4,
/// images: ..." where boots are counted.
std::string progress_line(const Whereabouts& where);

/// The start of a UTF-8 text that takes at most `columns` columns of a terminal, "..." at its end
/// when it was cut. Characters from U+1000 on count as two columns: some are.
std::string fit(std::string_view text, std::size_t columns);

/// Columns of the terminal at standard error: what it says, else $COLUMNS, else 80.
std::size_t terminal_columns();

/// Phases as they pass, on standard error: on a terminal one line that changes, the time every
/// second, in a pipe a plain line for each phase and note.
class Progress {
 public:
  enum class Mode { live, plain, silent };
  /// With `most_boots`, each phase "images" begins another boot.
  Progress(Mode mode, std::string title, Turn turn = {}, int most_boots = 0);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();
  void phase(const std::string& name);
  void note(const std::string& text);
  /// Takes a live line away; nothing is shown from then on.
  void done();

 private:
  void show();
  void show_every_second(const std::stop_token& stop);

  Mode mode_;
  double begin_;
  std::mutex mutex_;
  std::condition_variable_any ended_;
  Whereabouts where_;
  bool line_open_ = false;
  std::jthread ticker_;
};

}  // namespace quiesce::cli
