// SPDX-License-Identifier: GPL-2.0-or-later
// A QEMU without a machine that is asked what it can do. See README.md.
#pragma once

#include <string>
#include <vector>

#include "tests/standin/script.hpp"

namespace quiesce::standin {

/// Whether `argv` starts no machine.
bool is_probe(const std::vector<std::string>& argv);
/// Answers QMP on the descriptor of the chardev "qmp" until the peer is gone; the exit code.
int answer_probe(Script script, const std::vector<std::string>& argv);

}  // namespace quiesce::standin
