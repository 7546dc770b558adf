// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <string>

namespace quiesce::cli {

/// Whether standard output (or error) is a terminal and NO_COLOR is not set.
bool colour_on_output();
bool terminal_on_error();

/// Phases as they pass, on standard error: on a terminal one line that changes, in a pipe plain
/// lines.
class Progress {
 public:
  enum class Mode { live, plain, silent };
  Progress(Mode mode, std::string title);
  ~Progress();
  void phase(const std::string& name);
  void note(const std::string& text);
  /// Ends a live line.
  void done();

 private:
  void show();
  Mode mode_;
  std::string title_;
  std::string phase_;
  std::string note_;
  double begin_;
  bool line_open_ = false;
};

}  // namespace quiesce::cli
