// SPDX-License-Identifier: GPL-2.0-or-later
// What the builder says while it fetches, on standard error.
#pragma once

#include <string>

#include "harness/cli/progress.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

/// On a terminal one line that changes, which goes with its owner; in a pipe plain lines.
class FetchProgress {
 public:
  /// `title` is what is fetched: "debian:7.3".
  explicit FetchProgress(const std::string& title);
  /// To be given to the builder; may be used as long as this lives.
  builder::Observer observer();
  /// Ends a live line, before something else is printed.
  void done() { progress_.done(); }

 private:
  Progress progress_;
};

}  // namespace quiesce::cli
