// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness/cli/fetch_progress.hpp"

#include "harness/cli/terminal.hpp"

namespace quiesce::cli {

FetchProgress::FetchProgress(const std::string& title)
    : progress_(terminal_on_error() ? Progress::Mode::live : Progress::Mode::plain, title) {}

builder::Observer FetchProgress::observer() {
  return [this](const std::string& what) { progress_.phase(what); };
}

}  // namespace quiesce::cli
