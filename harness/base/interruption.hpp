// SPDX-License-Identifier: GPL-2.0-or-later
// What asks the program to end. Who holds these signals back (dispatch::Interrupts does) can bring
// things to an end; what takes long below looks whether one has come.
#pragma once

#include <csignal>
#include <optional>

#include "harness/base/fd.hpp"
#include "harness/base/result.hpp"

namespace quiesce {

/// SIGINT, SIGTERM and SIGHUP.
sigset_t ending_signals();

/// Readable as soon as one of them has come that this thread holds back. It stays readable until
/// somebody reads it: every such descriptor sees the same signal. None, when none is held back.
Result<std::optional<Fd>> interruption();

/// Fails with `interrupted` once one that is held back has come, and leaves it there: for work
/// without a wait, between two steps.
Result<void> not_interrupted();

}  // namespace quiesce
