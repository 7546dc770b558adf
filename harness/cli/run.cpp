// SPDX-License-Identifier: GPL-2.0-or-later
#include <algorithm>
#include <utility>

#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/next_steps.hpp"
#include "harness/cli/output.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/dispatch/series.hpp"
#include "harness/dispatch/single_run.hpp"
#include "reports/text.hpp"

namespace quiesce::cli {

namespace fs = std::filesystem;
using checks::Outcome;
using dispatch::Errand;
using dispatch::Job;
using dispatch::Judged;

namespace {

struct RunOptions {
  dispatch::Request request;
  std::string out;
  int repeat = 1;
  bool keep = false;
  bool bisect = false;
  bool json = false;
  bool quiet = false;
};

Progress::Mode progress_mode(const RunOptions& options) {
  if (options.json || options.quiet) return Progress::Mode::silent;
  return terminal_on_error() ? Progress::Mode::live : Progress::Mode::plain;
}

/// Results on standard output, what to do next on standard error: nothing for git, to which a run
/// that did not pass is an answer.
void print_result(const Judged& judged, const RunOptions& options, const Command& repeat) {
  const auto next = next_steps({.outcome = judged.result.outcome,
                                .program = called_as(),
                                .environment = own_environment(),
                                .evidence = judged.folder,
                                .repeat = repeat,
                                .here = repeat.folder});
  if (options.json) {
    nlohmann::json json = to_json(judged.result);
    json["folder"] = judged.folder.string();
    if (!next.empty()) json["next"] = as_json(next);
    put("{}\n", json.dump());
  } else {
    put("{}\nevidence: {}\n", reports::render_text(judged.result, colour_on_output()),
        judged.folder.string());
  }
  flush_output();
  if (!options.json && !options.bisect) say("{}", as_text(next));
}

/// What was wrong before or between the runs: reported, and as an exit code. To git, 2 or 3 would
/// mean a bad commit.
int refuse_run(const RunOptions& options, const Error& error, const Command& repeat = {}) {
  const int code = report(error);
  if (code == exit_code::environment && !options.bisect && !options.json)
    say("{}", as_text(next_steps({.outcome = Outcome::error,
                                  .program = called_as(),
                                  .environment = own_environment(),
                                  .evidence = {},
                                  .repeat = repeat,
                                  .here = repeat.folder})));
  return options.bisect && code != exit_code::interrupted ? exit_code::bisect_skip : code;
}

/// What repeats the run of one scenario, or of one cell of its matrix.
Command repeat_of(const CLI::App& command, const RunOptions& options,
                  const scenario::Scenario& scenario) {
  std::error_code error;
  // What stands in for a scenario is not repeated: the run would be called by its name.
  const bool named = !options.request.scenarios.empty();
  Command repeat = repeat_command(command, called_as(), named ? scenario.source : std::string(),
                                  fs::current_path(error));
  repeat.words = with_environment(own_environment(), std::move(repeat.words));
  // A stored plan is one cell already.
  for (const auto& setting : scenario.cell)
    repeat.words.insert(repeat.words.end(), {"--set", setting});
  return repeat;
}

Result<Judged> run_one(const Errand& errand, const RunOptions& options, const CLI::App& command,
                       const dispatch::Means& means, Loop& loop) {
  Progress progress(progress_mode(options), errand.job.scenario.name,
                    {.number = errand.place.number, .count = errand.place.count});
  const Command repeat = repeat_of(command, options, errand.job.scenario);
  auto judged = dispatch::single_run(
      errand.job, errand.folder, means, {.command = repeat.words, .directory = repeat.folder}, loop,
      {.on_phase = [&](const std::string& name) { progress.phase(name); },
       .on_note = [&](const std::string& text) { progress.note(text); }});
  progress.done();
  return judged;
}

void say_note(const std::string& note) {
  say("quiesce: {}\n", note);
}

int run_all(const RunOptions& options, const CLI::App& command) {
  auto places = dispatch::Places::find();
  if (!places) return refuse_run(options, places.error());
  const auto named = dispatch::gather(options.request, *places, say_note);
  if (!named) return refuse_run(options, named.error());
  const dispatch::Means means{.places = std::move(*places),
                              .profiles = named->set.profiles,
                              .qemu = options.request.qemu,
                              .program = dispatch::own_program()};
  Loop loop;
  const auto ran = dispatch::run_series(
      named->jobs,
      {.repeat = static_cast<std::size_t>(options.repeat),
       .keep = options.keep,
       .out = options.out,
       .stamp = dispatch::stamp_of_now()},
      [&](const Errand& errand) { return run_one(errand, options, command, means, loop); },
      [&](const Errand& errand, const Judged& judged) {
        print_result(judged, options, repeat_of(command, options, errand.job.scenario));
      });
  if (!ran.refused) return exit_code_of(ran.outcomes, options.bisect ? For::bisect : For::people);
  const int code = refuse_run(options, ran.refused->error,
                              repeat_of(command, options, ran.refused->job->scenario));
  // What earlier runs found is not lost with this one.
  const bool failed_before = std::ranges::find(ran.outcomes, Outcome::fail) != ran.outcomes.end();
  return options.bisect && failed_before ? exit_code::failed : code;
}

/// With --help: whether all that is named exists. That nothing is named is no matter then.
int check_run_names(const RunOptions& options) {
  const auto places = dispatch::Places::find();
  const auto named = places ? dispatch::check_names(options.request, *places, say_note)
                            : tl::unexpected(places.error());
  return named ? exit_code::ok : refuse_run(options, named.error());
}

std::vector<std::string> words_of(const std::string& file, const std::string& kernel,
                                  const std::string& qemu) {
  std::vector<std::string> words{"run", "--device", file};
  if (!kernel.empty()) words.insert(words.end(), {"--kernel", kernel});
  if (!qemu.empty()) words.insert(words.end(), {"--qemu", qemu});
  return words;
}

}  // namespace

std::vector<std::string> device_command(const std::string& file, const std::string& kernel,
                                        const std::string& qemu) {
  auto words = words_of(file, kernel, qemu);
  words.insert(words.begin(), called_as());
  return with_environment(own_environment(), std::move(words));
}

int run_device(const std::string& file, const std::string& kernel, const std::string& qemu) {
  // By the command line, so that the command that repeats it is the one that a person would give.
  CLI::App program;
  Action chosen;
  add_run(program, chosen);
  auto words = words_of(file, kernel, qemu);
  std::ranges::reverse(words);  // as CLI11 wants them
  program.parse(words);
  return chosen.act();
}

void add_run(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = program.add_subcommand("run", "Run scenarios and judge them");
  command->footer(
      "Examples: quiesce run first-run --kernel arch/x86/boot/bzImage,modules --out evidence\n"
      "          quiesce run --device ./my-card.json\n"
      "          quiesce run evidence/plan.json --repeat 20\n"
      "A stored plan is run with the very kernels, images and QEMU that it names: it is refused\n"
      "when one of the first two is another by its SHA-256, and no option can change it.");
  command->add_option(
      "SCENARIO", options->request.scenarios,
      "Scenario files, names of shipped scenarios, or the plan.json of a run, which is run "
      "again as it is; may be left out when --device is given: then \"device\", which has no "
      "device of its own");
  command
      ->add_option(
          "--device", options->request.devices,
          "A device: a file with its profile (\"quiesce device new\" writes one), or a name "
          "that \"quiesce list devices\" shows. Scenarios can name it; those that do not "
          "get it as their last device")
      ->allow_extra_args(false);
  add_devices_option(*command, options->request.folders);
  command->add_option("--kernel", options->request.kernel,
                      "Production kernel: debian:6.1, .deb files joined by commas, an unpacked "
                      "tree, or BZIMAGE,MODULES");
  command->add_option("--capture-kernel", options->request.capture_kernel,
                      "Capture kernel, as above, or \"same\"");
  command
      ->add_option("--set", options->request.settings,
                   "Change one value of the scenario: devices.nic0.activity.rate=200")
      ->allow_extra_args(false);
  command->add_option("--out", options->out, "Folder for the evidence (default: runs/NAME-TIME)");
  command
      ->add_option("--repeat", options->repeat,
                   "Run each scenario so many times; passing repetitions leave no "
                   "evidence unless --keep is given")
      ->check(CLI::Range(1, 10000));
  command->add_option("--timeout", options->request.timeout, "Longest time of a run, as in 5min");
  command->add_flag("--keep", options->keep, "Keep the evidence of every repetition");
  command->add_flag("--bisect", options->bisect,
                    "Exit codes for git bisect run: 0 good, 1 bad, 125 skip");
  command->add_flag("--json", options->json, "Results as JSON, one a line; no progress");
  command->add_flag("--quiet", options->quiet, "No progress");
  command->add_option("--qemu", options->request.qemu, "The QEMU to use");
  command->callback([options, command, &chosen] {
    chosen = {[options, command] { return run_all(*options, *command); },
              [options] { return check_run_names(*options); }};
  });
}

}  // namespace quiesce::cli
