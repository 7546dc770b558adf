// SPDX-License-Identifier: GPL-2.0-or-later
#include <filesystem>

#include "harness/base/fd.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/places.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/qemu_choice.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/draft/new_profile.hpp"

namespace quiesce::cli {

namespace fs = std::filesystem;

namespace {

struct NewOptions {
  std::string name;
  std::string kernel = "debian:6.1";
  std::string out;
  std::string qemu;
  bool no_run = false;
};

/// Before minutes are spent on a boot.
Result<void> check_new_file(const fs::path& file) {
  std::error_code error;
  if (fs::exists(file, error))
    return fail(Errc::invalid_input,
                "{} is there already; choose another name with --out, or remove it", file.string());
  const fs::path folder = fs::absolute(file).parent_path();
  if (!fs::is_directory(folder, error))
    return fail(Errc::invalid_input, "there is no folder {} for {}", folder.string(),
                file.filename().string());
  return {};
}

/// The profile's file; it is there when this returns.
Result<fs::path> write_new(const NewOptions& options) {
  TRY_ASSIGN(const Places places, Places::find());
  TRY_ASSIGN(const builder::Store store, builder::Store::open());
  // A fetched one may have what the system's has not. That none has it is said with the names that
  // are near.
  auto having = choose_qemu(options.qemu, {options.name}, store);
  if (!having) having = choose_qemu(options.qemu, {}, store);
  TRY_ASSIGN(const QemuChoice chosen, having);
  const fs::path file = options.out.empty()
                            ? fs::path(scenario::device_name_of(options.name) + ".json")
                            : fs::path(options.out);
  TRY(check_new_file(file));
  Progress progress(terminal_on_error() ? Progress::Mode::live : Progress::Mode::plain,
                    options.name);
  Loop loop;
  auto draft =
      draft::new_profile({.name = options.name,
                          .kernel = options.kernel,
                          .qemu = chosen.qemu,
                          .agent = places.agent,
                          .store = store},
                         loop,
                         {.on_phase = [&](const std::string& name) { progress.phase(name); },
                          .on_note = [&](const std::string& text) { progress.note(text); }});
  progress.done();
  if (!draft) return tl::unexpected(draft.error());
  for (const auto& conclusion : draft->conclusions) fmt::print("{}\n", conclusion);
  TRY(check_new_file(file));
  TRY(replace_file(file, draft::profile_text(*draft)));
  fmt::print("written: {}\n\n", file.string());
  std::fflush(stdout);
  return file;
}

int make_new(const NewOptions& options) {
  const auto file = write_new(options);
  if (!file) return report(file.error());
  // A bare name would be looked up among the profiles that are known.
  const std::string word = file->has_parent_path() ? file->string() : "./" + file->string();
  if (options.no_run) {
    fmt::print("try it: quiesce run --device {}\n", word);
    return exit_code::ok;
  }
  return run_device(word, options.kernel, options.qemu);
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
  creation->callback([options, &chosen] { chosen = [options] { return make_new(*options); }; });
}

}  // namespace quiesce::cli
