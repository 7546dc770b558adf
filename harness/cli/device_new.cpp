// SPDX-License-Identifier: GPL-2.0-or-later
#include <filesystem>

#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/next_steps.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/dispatch/new_device.hpp"

namespace quiesce::cli {

namespace fs = std::filesystem;

namespace {

/// That of scenarios/device.json, too.
constexpr const char* usual_kernel = "debian:6.1";

struct NewOptions {
  std::string name;
  std::string kernel = usual_kernel;
  std::string out;
  std::string qemu;
  bool no_run = false;
};

dispatch::NewDeviceRequest request_of(const NewOptions& options) {
  return {.name = options.name, .kernel = options.kernel, .out = options.out, .qemu = options.qemu};
}

/// The profile's file; it is there when this returns.
Result<fs::path> write_new(const NewOptions& options) {
  TRY_ASSIGN(const dispatch::Places places, dispatch::Places::find());
  Progress progress(terminal_on_error() ? Progress::Mode::live : Progress::Mode::plain,
                    options.name, {}, draft::most_boots);
  Loop loop;
  const auto drafted =
      dispatch::draft_device(request_of(options), places, loop,
                             {.on_phase = [&](const std::string& name) { progress.phase(name); },
                              .on_note = [&](const std::string& text) { progress.note(text); }});
  progress.done();
  if (!drafted) return tl::unexpected(drafted.error());
  for (const auto& conclusion : drafted->draft.conclusions) put("{}\n", conclusion);
  TRY(dispatch::write_draft(*drafted));
  put("written: {}\n\n", drafted->file.string());
  flush_output();
  return drafted->file;
}

int make_new(const NewOptions& options) {
  const auto file = write_new(options);
  if (!file) return report(file.error());
  const std::string word = dispatch::device_word(*file);
  if (options.no_run) {
    const std::string kernel = options.kernel == usual_kernel ? "" : options.kernel;
    put("try it: {}\n", shell_line(device_command(word, kernel, options.qemu)));
    return exit_code::ok;
  }
  return run_device(word, options.kernel, options.qemu);
}

/// With --help: whether all that is named exists.
int check_names(const NewOptions& options) {
  if (options.name.empty()) return exit_code::ok;
  const auto named = dispatch::check_names(request_of(options));
  return named ? exit_code::ok : report(named.error());
}

}  // namespace

void add_device_new(CLI::App& command, Action& chosen) {
  auto options = std::make_shared<NewOptions>();
  CLI::App* creation = command.add_subcommand("new",
                                              "Write a profile for a PCI device that QEMU has: "
                                              "asks QEMU and a guest what it is, tries what "
                                              "could keep it busy, and crashes it once");
  creation->footer(
      "The file has comments; edit it, and run it again with \"quiesce run --device FILE\".\n"
      "Exit codes: those of the run at its end.\n"
      "Example: quiesce device new pcnet --kernel debian:6.1");
  creation
      ->add_option("NAME", options->name,
                   "As QEMU's -device has it (\"qemu-system-x86_64 -device help\" lists them)")
      ->required();
  creation->add_option("--kernel", options->kernel, "The kernel, as in quiesce run --kernel")
      ->capture_default_str();
  creation->add_option("--out", options->out, "The file to write (default: NAME.json here)");
  creation->add_option("--qemu", options->qemu, "The QEMU to use");
  creation->add_flag("--no-run", options->no_run, "Write it only; no crash");
  creation->callback([options, &chosen] {
    chosen = {[options] { return make_new(*options); },
              [options] { return check_names(*options); }};
  });
}

}  // namespace quiesce::cli
