// SPDX-License-Identifier: GPL-2.0-or-later
// One function a subcommand: each adds itself to the program and leaves its exit code in `status`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::cli {

/// What a subcommand does once the command line is parsed; the exit code.
using Action = std::function<int()>;

/// Adds the subcommand; when it is the one that was called, `chosen` is set.
void add_run(CLI::App& program, Action& chosen);
void add_judge(CLI::App& program, Action& chosen);
void add_list(CLI::App& program, Action& chosen);
void add_show(CLI::App& program, Action& chosen);
void add_image(CLI::App& program, Action& chosen);
void add_device(CLI::App& program, Action& chosen);
void add_doctor(CLI::App& program, Action& chosen);
/// "new" below "device".
void add_device_new(CLI::App& command, Action& chosen);

/// "quiesce run --device FILE --kernel KERNEL --qemu QEMU" (empty: not given); its exit code.
int run_device(const std::string& file, const std::string& kernel, const std::string& qemu);

/// The option --devices of those subcommands that know profiles.
void add_devices_option(CLI::App& command, std::vector<std::string>& folders);

/// "quiesce: MESSAGE" on standard error; the exit code that fits.
int report(const Error& error);

}  // namespace quiesce::cli
