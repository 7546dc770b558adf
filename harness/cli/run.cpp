// SPDX-License-Identifier: GPL-2.0-or-later
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>
#include <utility>

#include "harness/base/digest.hpp"
#include "harness/base/units.hpp"
#include "harness/checks/check.hpp"
#include "harness/cli/commands.hpp"
#include "harness/cli/exit_codes.hpp"
#include "harness/cli/interrupts.hpp"
#include "harness/cli/next_steps.hpp"
#include "harness/cli/places.hpp"
#include "harness/cli/progress.hpp"
#include "harness/cli/resolve.hpp"
#include "harness/cli/terminal.hpp"
#include "harness/record/layout.hpp"
#include "harness/run/execute.hpp"
#include "reports/text.hpp"
#include "vm-images/builder/builder.hpp"

namespace quiesce::cli {

namespace fs = std::filesystem;
using checks::Outcome;
using checks::RunResult;

namespace {

struct RunOptions {
  std::vector<std::string> scenarios;
  std::vector<std::string> devices;  ///< files of profiles, or names
  std::vector<std::string> folders;  ///< of profiles
  std::string kernel;
  std::string capture_kernel;
  std::vector<std::string> settings;
  std::string out;
  int repeat = 1;
  std::string timeout;
  bool keep = false;
  bool bisect = false;
  bool json = false;
  bool quiet = false;
  std::string qemu;  ///< empty: the system's, or the fetched one
};

/// What a device that is given alone runs in.
constexpr const char* scenario_of_devices = "device";

/// "igb" or "igb-nvme": what a run is called that only devices were given for.
std::string name_of(const std::vector<std::string>& devices) {
  constexpr std::size_t longest = 64;
  return fmt::format("{}", fmt::join(devices, "-")).substr(0, longest);
}

/// Every scenario that was named, with --kernel and the like laid over it; all that is wrong in one
/// error.
Result<std::vector<scenario::Scenario>> load_scenarios(const RunOptions& options,
                                                       const Places& places,
                                                       const scenario::ProfileSet& set) {
  const auto words = vocabulary(set.profiles);
  std::vector<std::string> settings;
  std::vector<std::string> names = options.scenarios;
  if (names.empty()) {
    names.emplace_back(scenario_of_devices);
    settings.push_back("name=" + nlohmann::json(name_of(set.wanted)).dump());
  }
  if (!options.kernel.empty())
    settings.push_back("production.kernel=" + nlohmann::json(options.kernel).dump());
  if (!options.capture_kernel.empty())
    settings.push_back("capture.kernel=" + nlohmann::json(options.capture_kernel).dump());
  if (!options.timeout.empty())
    settings.push_back("timeouts.total=" + nlohmann::json(options.timeout).dump());
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());

  std::vector<scenario::Scenario> all;
  std::vector<scenario::Diagnostic> wrong;
  for (const auto& given : names) {
    TRY_ASSIGN(const fs::path path, find_scenario(places, given));
    auto loaded = scenario::load(path, words, settings, set.wanted);
    if (!loaded) {
      wrong.insert(wrong.end(), loaded.error().begin(), loaded.error().end());
      continue;
    }
    for (auto& scenario : *loaded) {
      scenario.source = given;
      all.push_back(std::move(scenario));
    }
  }
  if (!wrong.empty()) return tl::unexpected(as_error(wrong));
  return all;
}

/// Kernels that do not exist, before minutes are spent on the first of several runs.
Result<void> check_kernels(const RunOptions& options,
                           const std::vector<scenario::Scenario>& scenarios) {
  std::set<std::string> kernels{options.kernel, options.capture_kernel};
  for (const auto& scenario : scenarios)
    kernels.insert({scenario.production.kernel, scenario.capture.kernel});
  for (const auto& kernel : kernels)
    if (!kernel.empty() && kernel != "same") TRY(builder::check_name(kernel));
  return {};
}

std::filesystem::path own_program() {
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error);
}

/// --out for one run; for several, a numbered folder inside it. Without --out below runs/, named by
/// time.
fs::path folder_for(const RunOptions& options, const scenario::Scenario& scenario,
                    std::size_t number, std::size_t count) {
  std::string name = scenario.name;
  for (char& c : name)
    if (c == '/' || c == ' ') c = '_';
  if (!options.out.empty()) {
    if (count == 1) return options.out;
    return fs::path(options.out) / fmt::format("{:03d}-{}", number + 1, name);
  }
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &parts);
  return fs::path("runs") / fmt::format("{}-{}-{}{}", name, stamp, ::getpid(),
                                        count == 1 ? "" : fmt::format("-{:03d}", number + 1));
}

/// A folder that must be empty and writable is looked at before minutes are spent on images.
Result<void> check_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) {
    fs::path parent = fs::absolute(folder).parent_path();
    while (!fs::exists(parent, error) && parent != parent.parent_path())
      parent = parent.parent_path();
    if (!fs::is_directory(parent, error) || ::access(parent.c_str(), W_OK | X_OK) != 0)
      return fail(Errc::invalid_input,
                  "the output folder {} cannot be created in {}; choose another with --out",
                  folder.string(), parent.string());
    return {};
  }
  if (!fs::is_directory(folder, error))
    return fail(Errc::invalid_input, "{} is no folder; choose another with --out", folder.string());
  if (!fs::is_empty(folder, error))
    return fail(Errc::invalid_input,
                "the output folder {} is not empty; choose another with --out, or remove it",
                folder.string());
  return {};
}

/// Judges what the run left and writes result.json.
Result<RunResult> judge_folder(const fs::path& folder) {
  // What a run left for want of space or of a seal is judged all the same, and called unsealed.
  const auto manifest = read_file(folder / record::file::manifest);
  TRY_ASSIGN(const evidence::Run run,
             evidence::open(folder, manifest ? std::optional(sha256(*manifest)) : std::nullopt));
  RunResult result = checks::judge(run);
  TRY(replace_file(folder / record::file::result, to_json(result).dump(1) + "\n"));
  return result;
}

/// One run of those that were asked for.
struct Errand {
  const scenario::Scenario& scenario;
  fs::path folder;
  Turn turn;
  Command repeat;
};

struct Finished {
  RunResult result;
  fs::path folder;
};

Progress::Mode progress_mode(const RunOptions& options) {
  if (options.json || options.quiet) return Progress::Mode::silent;
  return terminal_on_error() ? Progress::Mode::live : Progress::Mode::plain;
}

Result<Finished> run_one(const Errand& errand, const RunOptions& options, const Places& places,
                         const std::vector<scenario::Profile>& profiles, Loop& loop) {
  const fs::path& folder = errand.folder;
  Progress progress(progress_mode(options), errand.scenario.name, errand.turn);
  TRY(check_folder(folder));
  progress.phase("images");
  const auto tell = [&](const std::string& text) { progress.note(text); };
  TRY_ASSIGN(
      const scenario::RunPlan plan,
      resolve(
          errand.scenario, places,
          {.qemu = options.qemu, .program = own_program(), .profiles = profiles, .on_step = tell}));
  TRY_ASSIGN(const Interrupts interrupts, Interrupts::watch(loop));
  const auto executed = run::execute(
      plan, folder, loop,
      {.on_phase = [&](const std::string& name) { progress.phase(name); }, .on_note = tell},
      {.command = errand.repeat.words, .directory = errand.repeat.folder});
  // A folder that was refused holds no run: there is nothing to judge.
  if (!executed && executed.error().code() == Errc::invalid_input)
    return tl::unexpected(executed.error());
  progress.phase("judge");
  auto result = judge_folder(folder);
  progress.done();
  // A run that failed for want of space cannot be judged on disk either: its own error tells more.
  if (!result) return tl::unexpected(executed ? result.error() : executed.error());
  return Finished{std::move(*result), fs::absolute(folder)};
}

/// Results on standard output, what to do next on standard error: nothing for git, to which a run
/// that did not pass is an answer.
void print_result(const Finished& finished, const RunOptions& options, const Errand& errand) {
  const auto next = next_steps({.outcome = finished.result.outcome,
                                .program = called_as(),
                                .evidence = finished.folder,
                                .repeat = errand.repeat,
                                .here = errand.repeat.folder});
  if (options.json) {
    nlohmann::json json = to_json(finished.result);
    json["folder"] = finished.folder.string();
    if (!next.empty()) json["next"] = as_json(next);
    fmt::print("{}\n", json.dump());
  } else {
    fmt::print("{}\nevidence: {}\n", reports::render_text(finished.result, colour_on_output()),
               finished.folder.string());
  }
  std::fflush(stdout);
  if (!options.json && !options.bisect) fmt::print(stderr, "{}", as_text(next));
}

/// What was wrong before or between the runs: reported, and as an exit code. To git, 2 or 3 would
/// mean a bad commit.
int refuse_run(const RunOptions& options, const Error& error, const Command& repeat = {}) {
  const int code = report(error);
  if (code == exit_code::environment && !options.bisect && !options.json)
    fmt::print(stderr, "{}",
               as_text(next_steps({.outcome = Outcome::error,
                                   .program = called_as(),
                                   .evidence = {},
                                   .repeat = repeat,
                                   .here = repeat.folder})));
  return options.bisect && code != exit_code::interrupted ? exit_code::bisect_skip : code;
}

void drop_if_not_kept(const RunOptions& options, const Finished& finished) {
  if (options.keep || options.repeat == 1 || finished.result.outcome != Outcome::pass) return;
  std::error_code ignored;
  fs::remove_all(finished.folder, ignored);
}

/// What repeats the run of one scenario, or of one cell of its matrix.
Command repeat_of(const CLI::App& command, const scenario::Scenario& scenario) {
  std::error_code error;
  Command repeat = repeat_command(command, called_as(), scenario.source, fs::current_path(error));
  for (const auto& setting : scenario.cell)
    repeat.words.insert(repeat.words.end(), {"--set", setting});
  return repeat;
}

/// What a call is about.
struct Named {
  scenario::ProfileSet set;
  std::vector<scenario::Scenario> scenarios;
};

Result<Named> all_that_is_named(const RunOptions& options, const Places& places) {
  if (options.scenarios.empty() && options.devices.empty())
    return fail(Errc::invalid_input,
                "name a scenario (\"quiesce list scenarios\" shows the shipped ones), or a device "
                "with --device");
  Named named;
  TRY_ASSIGN(named.set, all_profiles(places, profile_sources(options.folders, options.devices)));
  TRY_ASSIGN(named.scenarios, load_scenarios(options, places, named.set));
  TRY(check_kernels(options, named.scenarios));
  return named;
}

int run_all(const RunOptions& options, const CLI::App& command) {
  const auto places = Places::find();
  if (!places) return refuse_run(options, places.error());
  const auto named = all_that_is_named(options, *places);
  if (!named) return refuse_run(options, named.error());
  for (const auto& note : named->set.notes) fmt::print(stderr, "quiesce: {}\n", note);
  const auto& scenarios = named->scenarios;
  Loop loop;
  const std::size_t count = scenarios.size() * static_cast<std::size_t>(options.repeat);
  std::vector<Outcome> outcomes;
  for (std::size_t number = 0; number < count; ++number) {
    const auto& scenario = scenarios[number % scenarios.size()];
    const Errand errand{.scenario = scenario,
                        .folder = folder_for(options, scenario, number, count),
                        .turn = {.number = number + 1, .count = count},
                        .repeat = repeat_of(command, scenario)};
    const auto finished = run_one(errand, options, *places, named->set.profiles, loop);
    if (!finished) {
      const int code = refuse_run(options, finished.error(), errand.repeat);
      // What earlier runs found is not lost with this one.
      const bool failed_before =
          std::find(outcomes.begin(), outcomes.end(), Outcome::fail) != outcomes.end();
      return options.bisect && failed_before ? exit_code::failed : code;
    }
    print_result(*finished, options, errand);
    outcomes.push_back(finished->result.outcome);
    drop_if_not_kept(options, *finished);
    if (outcomes.back() == Outcome::interrupted) break;
  }
  return exit_code_of(outcomes, options.bisect ? For::bisect : For::people);
}

/// With --help: whether all that is named exists. That nothing is named is no matter then.
int check_run_names(const RunOptions& options) {
  if (options.scenarios.empty() && options.devices.empty()) return exit_code::ok;
  const auto places = Places::find();
  const auto named = places ? all_that_is_named(options, *places) : tl::unexpected(places.error());
  return named ? exit_code::ok : refuse_run(options, named.error());
}

}  // namespace

int run_device(const std::string& file, const std::string& kernel, const std::string& qemu) {
  // By the command line, so that the command that repeats it is the one that a person would give.
  CLI::App program;
  Action chosen;
  add_run(program, chosen);
  std::vector<std::string> words{"run", "--device", file};
  if (!kernel.empty()) words.insert(words.end(), {"--kernel", kernel});
  if (!qemu.empty()) words.insert(words.end(), {"--qemu", qemu});
  std::ranges::reverse(words);  // as CLI11 wants them
  program.parse(words);
  return chosen.act();
}

void add_run(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = program.add_subcommand("run", "Run scenarios and judge them");
  command->footer(
      "Examples: quiesce run first-run --kernel arch/x86/boot/bzImage,modules --out evidence\n"
      "          quiesce run --device ./my-card.json");
  command->add_option(
      "SCENARIO", options->scenarios,
      "Scenario files, or names of shipped scenarios; may be left out when --device is "
      "given: then \"device\", which has no device of its own");
  command
      ->add_option(
          "--device", options->devices,
          "A device: a file with its profile (\"quiesce device new\" writes one), or a name "
          "that \"quiesce list devices\" shows. Scenarios can name it; those that do not "
          "get it as their last device")
      ->allow_extra_args(false);
  add_devices_option(*command, options->folders);
  command->add_option("--kernel", options->kernel,
                      "Production kernel: debian:6.1, .deb files joined by commas, an unpacked "
                      "tree, or BZIMAGE,MODULES");
  command->add_option("--capture-kernel", options->capture_kernel,
                      "Capture kernel, as above, or \"same\"");
  command->add_option("--set", options->settings,
                      "Change one value of the scenario: devices.nic0.activity.rate=200");
  command->add_option("--out", options->out, "Folder for the evidence (default: runs/NAME-TIME)");
  command
      ->add_option("--repeat", options->repeat,
                   "Run each scenario so many times; passing repetitions leave no "
                   "evidence unless --keep is given")
      ->check(CLI::Range(1, 10000));
  command->add_option("--timeout", options->timeout, "Longest time of a run, as in 5min");
  command->add_flag("--keep", options->keep, "Keep the evidence of every repetition");
  command->add_flag("--bisect", options->bisect,
                    "Exit codes for git bisect run: 0 good, 1 bad, 125 skip");
  command->add_flag("--json", options->json, "Results as JSON, one a line; no progress");
  command->add_flag("--quiet", options->quiet, "No progress");
  command->add_option("--qemu", options->qemu, "The QEMU to use");
  command->callback([options, command, &chosen] {
    chosen = {[options, command] { return run_all(*options, *command); },
              [options] { return check_run_names(*options); }};
  });
}

}  // namespace quiesce::cli
