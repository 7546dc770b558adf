// SPDX-License-Identifier: GPL-2.0-or-later
// One function a subcommand: each adds itself to the program and leaves its exit code in `status`.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "harness/base/result.hpp"

namespace quiesce::cli {

/// What a subcommand does once the command line is parsed; the exit code.
struct Action {
  Action() = default;
  template <class F>
  requires std::is_invocable_r_v<int, F> Action(F what) : act(std::move(what)) {}
  Action(std::function<int()> what, std::function<int()> only_names)
      : act(std::move(what)), names(std::move(only_names)) {}
  std::function<int()> act;
  /// Instead of it, when help was asked for: reports what is named and does not exist. Values that
  /// are missing are no matter then. Empty: nothing can be named wrongly that CLI11 does not see.
  std::function<int()> names;
};

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
/// The same as words for a shell, as this program was called.
std::vector<std::string> device_command(const std::string& file, const std::string& kernel,
                                        const std::string& qemu);

/// The option --devices of those subcommands that know profiles.
void add_devices_option(CLI::App& command, std::vector<std::string>& folders);

/// How this program was called: commands that are shown to be repeated begin so.
void called_as(const std::string& name);
const std::string& called_as();

/// With --help: whether there is such a run directory; empty: none was named.
int check_run_folder(const std::string& folder);

/// "quiesce: MESSAGE" on standard error; the exit code that fits.
int report(const Error& error);

}  // namespace quiesce::cli
